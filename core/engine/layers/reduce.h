// Reduce: sum, product, extremum or average over a set of axes.
#pragma once

#include "core/engine/layers/layer.h"

namespace torchtrt::engine {

// Values equal TensorRT's ReduceOperation.
enum class ReduceOp : int8_t { kSum, kProd, kMax, kMin, kAvg };

struct Reduce {
  static constexpr const char* kKind = "Reduce";

  ReduceOp op = ReduceOp::kSum;
  uint32_t axes = 0;  // bit i: axis i
  bool keep_dims = false;
  TORCHTRT_FIELDS(op, axes, keep_dims)

  Types infer_types(const Types& in) const;
  Shapes infer_shapes(const ShapeArgs& in) const;
  std::optional<HostValues> fold(const HostArgs& in) const;
};

}  // namespace torchtrt::engine

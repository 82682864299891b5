// TopK: the K greatest or smallest elements along one axis and their indices.
#pragma once

#include "core/engine/layers/layer.h"

namespace torchtrt::engine {

// Values equal TensorRT's TopKOperation.
enum class TopKOp : int8_t { kMax, kMin };

struct TopK {
  static constexpr const char* kKind = "TopK";
  static constexpr uint32_t kHostInputs = 1u << 1;

  TopKOp op = TopKOp::kMax;
  int64_t k = 1;      // ignored when input 1 is there
  uint32_t axes = 0;  // exactly one bit
  DType indices_type = DType::kInt32;
  TORCHTRT_FIELDS(op, k, axes, indices_type)

  Types infer_types(const Types& in) const;
  Shapes infer_shapes(const ShapeArgs& in) const;
};

}  // namespace torchtrt::engine

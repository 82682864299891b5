// MatrixMultiply: batched matrix and vector products.
#pragma once

#include "core/engine/layers/layer.h"

namespace torchtrt::engine {

// Values equal TensorRT's MatrixOperation.
enum class MatrixOp : int8_t { kNone, kTranspose, kVector };

struct MatrixMultiply {
  static constexpr const char* kKind = "MatrixMultiply";

  MatrixOp op0 = MatrixOp::kNone;
  MatrixOp op1 = MatrixOp::kNone;
  TORCHTRT_FIELDS(op0, op1)

  Types infer_types(const Types& in) const;
  Shapes infer_shapes(const ShapeArgs& in) const;
  std::optional<HostValues> fold(const HostArgs& in) const;
};

}  // namespace torchtrt::engine

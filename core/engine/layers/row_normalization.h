// RowNormalization (made by passes): (s - mean) / sqrt(var + eps) * scale + bias of each row, or s / sqrt(mean(s^2) +
// eps)
// * scale + bias, with s = x, or x + residual; inputs x, scale?, bias?, residual?; results: the above, and s if asked
// for.
#pragma once

#include "core/engine/layers/layer.h"

namespace torchtrt::engine {

struct RowNormalization {
  static constexpr const char* kKind = "RowNormalization";
  static constexpr int kX = 0, kScale = 1, kBias = 2, kResidual = 3;

  float epsilon = 1e-5f;
  int64_t axes = 1;                 // how many of the last axes make a row
  bool center = true;               // false: the root of the mean square
  DType to_type = DType::kFloat32;  // of the result
  bool keep_sum = false;            // x + residual is the second result
  TORCHTRT_FIELDS(epsilon, axes, center, to_type, keep_sum)

  Types infer_types(const Types& in) const;
  Shapes infer_shapes(const ShapeArgs& in) const;
};

}  // namespace torchtrt::engine

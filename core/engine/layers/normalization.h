// Normalization: (x - mean) / sqrt(var + eps) * scale + bias over masked axes, perhaps by groups.
#pragma once

#include "core/engine/layers/layer.h"

namespace torchtrt::engine {

struct Normalization {
  static constexpr const char* kKind = "Normalization";

  float epsilon = 1e-5f;
  uint32_t axes = 0;
  int64_t groups = 1;
  bool v2 = true;  // scale and bias per channel also with groups; V1: per group
  TORCHTRT_FIELDS(epsilon, axes, groups, v2)

  Types infer_types(const Types& in) const;
  Shapes infer_shapes(const ShapeArgs& in) const;
};

}  // namespace torchtrt::engine

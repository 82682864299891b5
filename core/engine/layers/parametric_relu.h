// ParametricReLU: x, scaled by a slope where it is negative.
#pragma once

#include "core/engine/layers/layer.h"

namespace torchtrt::engine {

struct ParametricReLU {
  static constexpr const char* kKind = "ParametricReLU";
  TORCHTRT_NO_FIELDS

  Types infer_types(const Types& in) const;
  Shapes infer_shapes(const ShapeArgs& in) const;
};

}  // namespace torchtrt::engine

// Softmax: exp(x - max) / sum along one axis.
#pragma once

#include "core/engine/layers/layer.h"

namespace torchtrt::engine {

struct Softmax {
  static constexpr const char* kKind = "Softmax";

  int64_t axis = 0;  // in [0, rank)
  TORCHTRT_FIELDS(axis)

  Types infer_types(const Types& in) const;
  Shapes infer_shapes(const ShapeArgs& in) const;
};

}  // namespace torchtrt::engine

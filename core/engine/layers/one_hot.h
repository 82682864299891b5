// OneHot: one of two values along a new axis, by whether its coordinate is the index.
#pragma once

#include "core/engine/layers/layer.h"

namespace torchtrt::engine {

struct OneHot {
  static constexpr const char* kKind = "OneHot";
  static constexpr uint32_t kHostInputs = 1u << 2;

  int64_t axis = -1;  // of the output
  TORCHTRT_FIELDS(axis)

  Types infer_types(const Types& in) const;
  Shapes infer_shapes(const ShapeArgs& in) const;
};

}  // namespace torchtrt::engine

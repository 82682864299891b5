// Scatter: a copy of the data in which updates replace the elements that indices name.
#pragma once

#include "core/engine/layers/layer.h"

namespace torchtrt::engine {

// Values equal TensorRT's ScatterMode.
enum class ScatterMode : int8_t { kElement, kND };

struct Scatter {
  static constexpr const char* kKind = "Scatter";

  ScatterMode mode = ScatterMode::kElement;
  int64_t axis = 0;  // ELEMENT only
  TORCHTRT_FIELDS(mode, axis)

  Types infer_types(const Types& in) const;
  Shapes infer_shapes(const ShapeArgs& in) const;
};

}  // namespace torchtrt::engine

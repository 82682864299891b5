// ShapeOf: the lengths of a tensor as int64 (TensorRT's Shape layer).
#pragma once

#include "core/engine/layers/layer.h"

namespace torchtrt::engine {

struct ShapeOf {
  static constexpr const char* kKind = "ShapeOf";
  static constexpr uint32_t kShapeOnlyInputs = 1u << 0;

  TORCHTRT_NO_FIELDS

  Types infer_types(const Types& in) const;
  Shapes infer_shapes(const ShapeArgs& in) const;
  std::optional<HostValues> fold(const HostArgs& in) const;
};

}  // namespace torchtrt::engine

// Gather: elements of input 0 picked by the indices of input 1.
#pragma once

#include "core/engine/layers/layer.h"

namespace torchtrt::engine {

// Values equal TensorRT's GatherMode.
enum class GatherMode : int8_t { kDefault, kElement, kND };

struct Gather {
  static constexpr const char* kKind = "Gather";

  GatherMode mode = GatherMode::kDefault;
  int64_t axis = 0;
  int64_t elementwise_dims = 0;
  TORCHTRT_FIELDS(mode, axis, elementwise_dims)

  Types infer_types(const Types& in) const;
  Shapes infer_shapes(const ShapeArgs& in) const;
  std::optional<HostValues> fold(const HostArgs& in) const;
};

}  // namespace torchtrt::engine

// Squeeze: removes the axes of length 1 that input 1 names, or, where it is absent, those of an attribute.
#pragma once

#include "core/engine/layers/layer.h"

namespace torchtrt::engine {

struct Squeeze {
  static constexpr const char* kKind = "Squeeze";
  static constexpr uint32_t kHostInputs = 1u << 1;

  std::optional<std::vector<int64_t>> axes;  // in the place of input 1
  TORCHTRT_FIELDS(axes)

  Types infer_types(const Types& in) const;
  Shapes infer_shapes(const ShapeArgs& in) const;
  std::optional<HostValues> fold(const HostArgs& in) const;
};

}  // namespace torchtrt::engine

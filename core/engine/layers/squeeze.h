// Squeeze: removes the axes of length 1 that input 1 names.
#pragma once

#include "core/engine/layers/layer.h"

namespace torchtrt::engine {

struct Squeeze {
  static constexpr const char* kKind = "Squeeze";
  static constexpr uint32_t kHostInputs = 1u << 1;

  TORCHTRT_NO_FIELDS

  Types infer_types(const Types& in) const;
  Shapes infer_shapes(const ShapeArgs& in) const;
  std::optional<HostValues> fold(const HostArgs& in) const;
};

}  // namespace torchtrt::engine

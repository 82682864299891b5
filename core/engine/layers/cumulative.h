// Cumulative: running sum along the axis that input 1 names.
#pragma once

#include "core/engine/layers/layer.h"

namespace torchtrt::engine {

struct Cumulative {
  static constexpr const char* kKind = "Cumulative";
  static constexpr uint32_t kHostInputs = 1u << 1;

  bool exclusive = false;
  bool reverse = false;
  TORCHTRT_FIELDS(exclusive, reverse)

  Types infer_types(const Types& in) const;
  Shapes infer_shapes(const ShapeArgs& in) const;
  std::optional<HostValues> fold(const HostArgs& in) const;
};

}  // namespace torchtrt::engine

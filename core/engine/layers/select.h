// Select: condition ? then : else, with broadcasting.
#pragma once

#include "core/engine/layers/layer.h"

namespace torchtrt::engine {

struct Select {
  static constexpr const char* kKind = "Select";

  TORCHTRT_NO_FIELDS

  Types infer_types(const Types& in) const;
  Shapes infer_shapes(const ShapeArgs& in) const;
  std::optional<HostValues> fold(const HostArgs& in) const;
};

}  // namespace torchtrt::engine

// Linear (made by passes): x W^T + b; inputs x [..., K], weight [N, K], bias [N]?.
#pragma once

#include "core/engine/layers/layer.h"

namespace torchtrt::engine {

struct Linear {
  static constexpr const char* kKind = "Linear";

  TORCHTRT_NO_FIELDS

  Types infer_types(const Types& in) const;
  Shapes infer_shapes(const ShapeArgs& in) const;
};

}  // namespace torchtrt::engine

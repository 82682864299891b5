// Concatenation: tensors one behind the other along an axis.
#pragma once

#include "core/engine/layers/layer.h"

namespace torchtrt::engine {

struct Concatenation {
  static constexpr const char* kKind = "Concatenation";

  int64_t axis = 0;
  TORCHTRT_FIELDS(axis)

  Types infer_types(const Types& in) const;
  Shapes infer_shapes(const ShapeArgs& in) const;
  std::optional<HostValues> fold(const HostArgs& in) const;
};

}  // namespace torchtrt::engine

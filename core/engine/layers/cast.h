// Cast: another element type, value kept as far as it goes.
#pragma once

#include "core/engine/layers/layer.h"

namespace torchtrt::engine {

struct Cast {
  static constexpr const char* kKind = "Cast";

  DType to_type = DType::kFloat32;
  TORCHTRT_FIELDS(to_type)

  Types infer_types(const Types& in) const;
  Shapes infer_shapes(const ShapeArgs& in) const;
  std::optional<HostValues> fold(const HostArgs& in) const;
};

}  // namespace torchtrt::engine

// Identity: its input.
#pragma once

#include "core/engine/layers/layer.h"

namespace torchtrt::engine {

struct Identity {
  static constexpr const char* kKind = "Identity";

  std::optional<DType> to_type;  // weakly typed networks only: setOutputType
  TORCHTRT_FIELDS(to_type)

  Types infer_types(const Types& in) const;
  Shapes infer_shapes(const ShapeArgs& in) const;
  std::optional<HostValues> fold(const HostArgs& in) const;
};

}  // namespace torchtrt::engine

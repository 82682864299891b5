// NonZero: the indices of elements other than 0, one column each.
#pragma once

#include "core/engine/layers/layer.h"

namespace torchtrt::engine {

struct NonZero {
  static constexpr const char* kKind = "NonZero";

  DType indices_type = DType::kInt32;
  TORCHTRT_FIELDS(indices_type)

  Types infer_types(const Types& in) const;
  Shapes infer_shapes(const ShapeArgs& in) const;
  Shapes max_shapes(const ShapeArgs& in) const;
};

}  // namespace torchtrt::engine

// Einsum: sum of products by an equation of labels.
#pragma once

#include "core/engine/layers/layer.h"

namespace torchtrt::engine {

struct Einsum {
  static constexpr const char* kKind = "Einsum";

  std::string equation;
  TORCHTRT_FIELDS(equation)

  Types infer_types(const Types& in) const;
  Shapes infer_shapes(const ShapeArgs& in) const;
};

}  // namespace torchtrt::engine

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

// An equation taken apart. A term is its labels 'a' to 'z' in order, kEllipsis standing for "...".
struct EinsumTerms {
  static constexpr char kEllipsis = '.';

  std::vector<std::string> inputs;
  std::string output;  // written out also where the equation implies it
};

// Throws kInvalidArgument for what is no equation.
EinsumTerms parse_equation(std::string_view equation);

}  // namespace torchtrt::engine

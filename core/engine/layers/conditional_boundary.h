// The boundary layers of conditionals, as a network under definition has them. The build makes one IfConditional layer
// of each.
#pragma once

#include "core/engine/layers/layer.h"

namespace torchtrt::engine {

// Tells the branch.
struct Condition {
  static constexpr const char* kKind = "Condition";

  int64_t conditional = 0;  // number of the region
  TORCHTRT_FIELDS(conditional)

  Types infer_types(const Types& in) const;
  Shapes infer_shapes(const ShapeArgs& in) const;
};

// What goes into the branches: the layers behind it belong to them.
struct ConditionalInput {
  static constexpr const char* kKind = "ConditionalInput";

  int64_t conditional = 0;
  TORCHTRT_FIELDS(conditional)

  Types infer_types(const Types& in) const;
  Shapes infer_shapes(const ShapeArgs& in) const;
  std::optional<HostValues> fold(const HostArgs& in) const;
};

// The value of input 0 where the condition holds, else of input 1. Input 2, which users do not see, is the condition.
struct ConditionalOutput {
  static constexpr const char* kKind = "ConditionalOutput";

  int64_t conditional = 0;
  TORCHTRT_FIELDS(conditional)

  Types infer_types(const Types& in) const;
  Shapes infer_shapes(const ShapeArgs& in) const;
  std::optional<HostValues> fold(const HostArgs& in) const;
};

// Lengths that are equal in both shapes; the others are unknown. Throws for different ranks.
Shape either_shape(const Shape& a, const Shape& b);

}  // namespace torchtrt::engine

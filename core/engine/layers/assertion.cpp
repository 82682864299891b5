// Assertion: every element of the condition is true; no output. Checked wherever the rules are, at definition, build
// and run, as soon as an element is known. Nothing runs on the device for it.
//   c1  one input, bool
//   c2  of rank 0 or 1
//   c3  no element is false
#include "core/engine/layers/assertion.h"

#include <algorithm>

#include "core/engine/layers/rules.h"

namespace torchtrt::engine {

Types Assertion::infer_types(const Types& in) const {
  expect_inputs(in, 1);                                                // c1
  expect_type(in[0] == DType::kBool, "the condition", "bool", in[0]);  // c1
  return {};
}

Shapes Assertion::infer_shapes(const ShapeArgs& in) const {
  TORCHTRT_CHECK(in[0].rank() <= 1, "the condition must have rank 0 or 1, got shape ", in[0]);  // c2
  if (const HostValue* condition = in.value(0)) {
    const bool holds = std::none_of(condition->elements.begin(), condition->elements.end(),
                                    [](const HostScalar& element) { return element.known && element.as_int() == 0; });
    TORCHTRT_REQUIRE(kInvalidArgument, holds, "assertion failed: ", message);  // c3
  }
  return {};
}

// Nothing to compute once the condition is known.
std::optional<HostValues> Assertion::fold(const HostArgs& in) const {
  const HostValue* condition = in.value(0);
  return condition && condition->is_known() ? std::optional(HostValues{}) : std::nullopt;
}

TORCHTRT_LAYER(Assertion)

}  // namespace torchtrt::engine

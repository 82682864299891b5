// The boundary layers of conditionals: rules that a layer alone can check; those about the conditional as a whole stand
// in plan/outline_conditional.cpp.
//   Condition
//     c1  one input, of type bool
//     c2  it is a scalar
//   ConditionalInput
//     c1  one input, of any type but uint8
//   ConditionalOutput
//     c1  two values, of one type, any but uint8
//     c2  of one rank, unless the build knows the condition
#include "core/engine/layers/conditional_boundary.h"

#include "core/engine/layers/args.h"
#include "core/engine/layers/host_move.h"

namespace torchtrt::engine {
namespace {

// The input that counts, if the condition is known; else -1.
int chosen(const ShapeArgs& in) {
  if (!in.has(2) || !in.value(2) || !in.value(2)->is_known() || in.value(2)->elements.empty()) return -1;
  return in.value(2)->elements[0].as_int() != 0 ? 0 : 1;
}

}  // namespace

Shape either_shape(const Shape& a, const Shape& b) {
  TORCHTRT_CHECK(a.rank() == b.rank(), "the branches have values of different ranks: ", a, " and ", b);
  Shape out = a;
  for (int axis = 0; axis < a.rank(); ++axis) out[axis] = a[axis] == b[axis] ? a[axis] : kUnknown;
  return out;
}

Types Condition::infer_types(const Types& in) const {
  expect_inputs(in, 1, 1);
  expect_type(in[0] == DType::kBool, "a condition", "bool", in[0]);  // c1
  return {};
}

Shapes Condition::infer_shapes(const ShapeArgs& in) const {
  TORCHTRT_CHECK(in[0].rank() == 0, "a condition is a scalar, not of shape ", in[0]);  // c2
  return {};
}

Types ConditionalInput::infer_types(const Types& in) const {
  expect_inputs(in, 1, 1);
  check_movable(in[0]);  // c1
  return {in[0]};
}

Shapes ConditionalInput::infer_shapes(const ShapeArgs& in) const { return {in[0]}; }

std::optional<HostValues> ConditionalInput::fold(const HostArgs& in) const {
  if (!in.value(0)) return std::nullopt;
  return HostValues{*in.value(0)};
}

Types ConditionalOutput::infer_types(const Types& in) const {
  expect_inputs(in, 2, 3);
  check_movable(in[0]);                                                                                    // c1
  TORCHTRT_CHECK(in[0] == in[1], "the branches have values of different types: ", in[0], " and ", in[1]);  // c1
  return {in[0]};
}

Shapes ConditionalOutput::infer_shapes(const ShapeArgs& in) const {
  if (const int branch = chosen(in); branch >= 0) return {in[branch]};
  return {either_shape(in[0], in[1])};  // c2
}

// Elements that are the same either way.
std::optional<HostValues> ConditionalOutput::fold(const HostArgs& in) const {
  if (const int branch = chosen(in); branch >= 0)
    return in.value(branch) ? std::optional(HostValues{*in.value(branch)}) : std::nullopt;
  const HostValue *a = in.value(0), *b = in.value(1);
  if (!a || !b || a->shape != b->shape) return std::nullopt;
  HostValue value = *a;
  for (size_t i = 0; i < value.elements.size(); ++i)
    if (!(value.elements[i] == b->elements[i])) value.elements[i] = HostScalar::unknown();
  return HostValues{std::move(value)};
}

TORCHTRT_LAYER(Condition)
TORCHTRT_LAYER(ConditionalInput)
TORCHTRT_LAYER(ConditionalOutput)

}  // namespace torchtrt::engine

// Select: then where the condition holds, else elsewhere, broadcast three ways.
//   c1  the condition is bool
//   c2  then and else have one type: bool, int32, int64 or floating
//   c3  all three have one rank
//   c4  lengths are equal or 1 per axis
#include "core/engine/layers/select.h"

#include "core/engine/layers/args.h"
#include "core/engine/layers/host_move.h"

namespace torchtrt::engine {
namespace {

// The element that broadcasting puts at `at`.
const HostScalar& broadcast_element(const HostValue& value, Coordinates at) {
  for (int axis = 0; axis < value.shape.rank(); ++axis)
    if (value.shape[axis] == 1) at[axis] = 0;
  return value.elements[static_cast<size_t>(position_of(value.shape, at))];
}

}  // namespace

Types Select::infer_types(const Types& in) const {
  expect_inputs(in, 3, 3);
  TORCHTRT_CHECK(in[0] == DType::kBool, "the condition must be bool, got ", in[0]);  // c1
  const bool taken = in[1] == DType::kBool || is_index(in[1]) || is_floating(in[1]);
  TORCHTRT_CHECK(taken && in[1] == in[2],
                 "then and else must have one type of bool, int32, int64, float32, float16, bfloat16, got ", in[1],
                 " and ", in[2]);  // c2
  return {in[1]};
}

Shapes Select::infer_shapes(const ShapeArgs& in) const {
  TORCHTRT_CHECK(in[0].rank() == in[1].rank() && in[1].rank() == in[2].rank(), "inputs must have one rank, got ", in[0],
                 ", ", in[1], ", ", in[2]);            // c3
  return {broadcast(broadcast(in[0], in[1]), in[2])};  // c4
}

std::optional<HostValues> Select::fold(const HostArgs& in) const {
  const Shape out = infer_shapes(in)[0];
  const auto condition = operand(in, 0), then = operand(in, 1), otherwise = operand(in, 2);
  if (!any_value(in) || !condition || !then || !otherwise || !is_trackable(out)) return std::nullopt;
  return HostValues{generate(in.type(1), out, [&](const Coordinates& at) {
    const HostScalar& chosen = broadcast_element(*condition, at);
    const HostScalar& a = broadcast_element(*then, at);
    const HostScalar& b = broadcast_element(*otherwise, at);
    if (!chosen.known) return a.known && a == b ? a : HostScalar::unknown();
    return chosen.as_int() ? a : b;
  })};
}

TORCHTRT_LAYER(Select)

}  // namespace torchtrt::engine

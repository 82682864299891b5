// The boundary layers of loops: rules that a layer alone can check; those about the loop as a whole stand in
// plan/outline_loop.cpp.
//   TripLimit
//     c1  one input: int32 or int64 for COUNT, bool for WHILE
//     c2  it is a scalar
//   Recurrence
//     c1  an initial value, of any type but uint8, and at most one more input
//   Iterator
//     c1  one input, of any type but uint8 and the packed ones (int4, float4)
//     c2  the axis lies in [0, rank)
//   LoopOutput: what lies behind the last trip is zero; REVERSE begins with the last trip's value also where there are
//   fewer trips than places
//     c1  a value, of any type but uint8, and perhaps a length, which is int32 or int64
//     c2  the length is a scalar and not negative
//     c3  the axis lies in [0, rank of the value], if values are put together
//     c4  values that are put together are not of a packed type
#include "core/engine/layers/loop_boundary.h"

#include "core/engine/layers/args.h"
#include "core/engine/layers/host_math.h"
#include "core/engine/layers/host_move.h"

namespace torchtrt::engine {
namespace {

bool is_packed_type(DType type) { return type == DType::kInt4 || type == DType::kFloat4; }

}  // namespace

Types TripLimit::infer_types(const Types& in) const {
  expect_inputs(in, 1, 1);
  const bool count = limit == TripLimitKind::kCount;
  expect_type(count ? is_index(in[0]) : in[0] == DType::kBool, count ? "a COUNT trip limit" : "a WHILE trip limit",
              count ? "int32 or int64" : "bool", in[0]);  // c1
  return {};
}

Shapes TripLimit::infer_shapes(const ShapeArgs& in) const {
  TORCHTRT_CHECK(in[0].rank() == 0, "a trip limit is a scalar, not of shape ", in[0]);  // c2
  return {};
}

Types Recurrence::infer_types(const Types& in) const {
  expect_inputs(in, 1, 2);
  check_movable(in[0]);  // c1
  return {in[0]};
}

Shapes Recurrence::infer_shapes(const ShapeArgs& in) const { return {in[0]}; }

// What depends on its elements may still know the others; scalars only (layers.md 1.5).
std::optional<HostValues> Recurrence::fold(const HostArgs& in) const {
  if (in[0].rank() != 0 || !on_host(in.type(0))) return std::nullopt;
  return HostValues{{in.type(0), in[0], {HostScalar::unknown()}}};
}

Types Iterator::infer_types(const Types& in) const {
  expect_inputs(in, 1, 1);
  check_movable(in[0]);                                                                                  // c1
  expect_type(!is_packed_type(in[0]), "an iterated tensor", "of a type of at least eight bits", in[0]);  // c1
  return {in[0]};
}

Shapes Iterator::infer_shapes(const ShapeArgs& in) const {
  TORCHTRT_CHECK(in[0].has_axis(axis), "axis ", axis, " lies outside the rank of ", in[0]);  // c2
  Shape out = in[0];
  out.erase(static_cast<int>(axis));
  return {out};
}

Types LoopOutput::infer_types(const Types& in) const {
  expect_inputs(in, 1, 2);
  check_movable(in[0]);                // c1
  check_index_input("length", in, 1);  // c1
  TORCHTRT_CHECK(output == LoopOutputKind::kLastValue || !is_packed_type(in[0]), "values of type ", in[0],
                 " cannot be put together");  // c4
  return {in[0]};
}

Shapes LoopOutput::infer_shapes(const ShapeArgs& in) const {
  if (output == LoopOutputKind::kLastValue) return {in[0]};
  TORCHTRT_CHECK(axis >= 0 && axis <= in[0].rank(), "axis ", axis, " of a value of shape ", in[0],
                 "; 0 to the rank is possible");                                                      // c3
  const std::optional<int64_t> length = in.has(1) ? number_of_input("length", in, 1) : std::nullopt;  // c2
  TORCHTRT_CHECK(length.value_or(0) >= 0, "length ", length.value_or(0), " is negative");             // c2
  Shape out = in[0];
  out.insert(static_cast<int>(axis), length.value_or(kUnknown));
  return {out};
}

TORCHTRT_LAYER(TripLimit)
TORCHTRT_LAYER(Recurrence)
TORCHTRT_LAYER(Iterator)
TORCHTRT_LAYER(LoopOutput)

}  // namespace torchtrt::engine

// Concatenation: inputs one after another along an axis.
//   c1  at least one input, none absent
//   c2  all inputs have one type, any but uint8
//   c3  the axis lies in [0, rank)
//   c4  all inputs have one rank
//   c5  all inputs have the same lengths off the axis
//   c6  the length along the axis fits into 64 bits
#include "core/engine/layers/concatenation.h"

#include "core/engine/layers/args.h"
#include "core/engine/layers/host_move.h"

namespace torchtrt::engine {
namespace {

int64_t sum(int64_t a, int64_t b) {
  int64_t both = kUnknown;
  if (a == kUnknown || b == kUnknown) return both;
  TORCHTRT_CHECK(!__builtin_add_overflow(a, b, &both), "the lengths ", a, " and ", b,
                 " along the axis are together more than 64 bits hold");  // c6
  return both;
}

// `out` with the next input joined to it.
void append(Shape& out, const Shape& next, int64_t axis, int input) {
  TORCHTRT_CHECK(next.rank() == out.rank(), "input ", input, " of shape ", next, " has not rank ", out.rank(),
                 " of input 0");  // c4
  for (int i = 0; i < out.rank(); ++i) {
    const bool same = out[i] == next[i] || out[i] == kUnknown || next[i] == kUnknown;
    TORCHTRT_CHECK(i == axis || same, "input ", input, " of shape ", next, " has length ", next[i], " at axis ", i,
                   ", inputs before it ", out[i], "; beside axis ", axis, " lengths have to be equal");  // c5
    out[i] = i == axis ? sum(out[i], next[i]) : unify(out[i], next[i]);
  }
}

}  // namespace

Types Concatenation::infer_types(const Types& in) const {
  expect_inputs(in, 1, 10000);  // c1
  check_movable(in[0]);         // c2
  for (size_t i = 1; i < in.size(); ++i)
    TORCHTRT_CHECK(in[i] == in[0], "inputs must have one type; input 0 has ", in[0], ", input ", i, " has ",
                   in[i]);  // c1, c2
  return {in[0]};
}

Shapes Concatenation::infer_shapes(const ShapeArgs& in) const {
  TORCHTRT_CHECK(in[0].has_axis(axis), "axis ", axis, " lies outside the rank of ", in[0]);  // c3
  Shape out = in[0];
  for (int i = 1; i < in.size(); ++i) append(out, in[i], axis, i);
  return {out};
}

std::optional<HostValues> Concatenation::fold(const HostArgs& in) const {
  const Shape out = infer_shapes(in)[0];
  if (!any_value(in) || !is_trackable(out)) return std::nullopt;
  std::vector<HostValue> parts;
  for (int i = 0; i < in.size(); ++i) {
    auto part = operand(in, i);
    if (!part) return std::nullopt;
    parts.push_back(std::move(*part));
  }
  return HostValues{generate(in.type(0), out, [&](Coordinates at) {
    size_t part = 0;
    const int along = static_cast<int>(axis);
    for (; at[along] >= parts[part].shape[along]; ++part) at[along] -= parts[part].shape[along];
    return parts[part].elements[static_cast<size_t>(position_of(parts[part].shape, at))];
  })};
}

TORCHTRT_LAYER(Concatenation)

}  // namespace torchtrt::engine

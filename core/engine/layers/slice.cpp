// Slice: elements start + i * stride of each axis, i below size, with a mode for what lies outside: FILL fills zeros
// where input 4 is absent. Every mode takes every type.
//   c1  data of any type but uint8
//   c2  start, size, stride, axes (inputs 1, 2, 3, 5), where present, are int32 or int64
//   c3  the fill value (input 4) has the type of the data
//   c4  the fill value is a scalar, and there in mode FILL only
//   c5  inputs 1, 2, 3, 5 have one axis of known length
//   c6  start, size and stride have one number per sliced axis
//   c7  axes lie in [-rank, rank), each named once
//   c8  no size is negative
//   c9  STRICT_BOUNDS: every element read lies inside
//   c10 WRAP, CLAMP, REFLECT: an axis of length 0 yields length 0
//   c11 start, stride and the last position read lie inside (-2^62, 2^62)
#include "core/engine/layers/slice.h"

#include <algorithm>
#include <numeric>

#include "core/engine/layers/args.h"
#include "core/engine/layers/host_move.h"
#include "core/engine/layers/slice_parameters.h"

namespace torchtrt::engine {
namespace {

HostList parameter(const char* name, const std::vector<int64_t>& fixed, const ShapeArgs& in, int input, size_t count) {
  const HostList list = in.has(input) ? list_of_input(name, in, input) : list_of_numbers(fixed);      // c5
  TORCHTRT_CHECK(list.size() == count, name, " has ", list.size(), " numbers for ", count, " axes");  // c6
  return list;
}

void check_inside(const Shape& x, int axis, const std::optional<int64_t>& index) {
  const bool inside = !index || (*index >= 0 && (x[axis] == kUnknown || *index < x[axis]));
  TORCHTRT_CHECK(inside, "STRICT_BOUNDS, but element ", index.value_or(0), " of axis ", axis, " lies outside ",
                 x);  // c9
}

bool is_small(int64_t position) {
  constexpr int64_t kLimit = int64_t{1} << 62;
  return position > -kLimit && position < kLimit;
}

// The last position read, where start, size and stride tell it. c11
std::optional<int64_t> last_position(int axis, const AxisSlice& slice) {
  const int64_t start = slice.start.value_or(0), stride = slice.stride.value_or(0);
  int64_t last = 0;
  const bool overflow =
      __builtin_mul_overflow(*slice.size - 1, stride, &last) || __builtin_add_overflow(last, start, &last);
  TORCHTRT_CHECK(is_small(start) && is_small(stride) && !overflow && is_small(last), "start ", start, ", size ",
                 *slice.size, " and stride ", stride, " of axis ", axis, " reach beyond 2^62");  // c11
  return slice.start && slice.stride ? std::optional(last) : std::nullopt;
}

void check_axis(const Slice& op, const Shape& x, int axis, const AxisSlice& slice) {
  if (!slice.size) return;
  TORCHTRT_CHECK(*slice.size >= 0, "size ", *slice.size, " of axis ", axis, " is negative");  // c8
  if (*slice.size == 0) return;
  if (op.mode == SampleMode::kStrictBounds) check_inside(x, axis, slice.start);
  const std::optional<int64_t> last = last_position(axis, slice);
  if (op.mode == SampleMode::kStrictBounds) {
    check_inside(x, axis, last);
  } else if (op.mode != SampleMode::kFill) {
    TORCHTRT_CHECK(x[axis] != 0, *slice.size, " elements cannot be taken from the empty axis ", axis, " of ",
                   x);  // c10
  }
}

// The number of the axes input, or the rank: what start, size and stride must have.
size_t sliced_axes(const Slice& op, const ShapeArgs& in) {
  if (in.has(5)) return list_of_input("axes", in, 5).size();  // c5
  return op.axes ? op.axes->size() : static_cast<size_t>(in[0].rank());
}

std::vector<int64_t> all_axes(int rank) {
  std::vector<int64_t> axes(static_cast<size_t>(rank));
  std::iota(axes.begin(), axes.end(), 0);
  return axes;
}

}  // namespace

std::optional<AxisSlices> slice_parameters(const Slice& op, const ShapeArgs& in) {
  const size_t count = sliced_axes(op, in);
  const HostList start = parameter("start", op.start, in, 1, count);
  const HostList size = parameter("size", op.size, in, 2, count);
  const HostList stride = parameter("stride", op.stride, in, 3, count);
  const int rank = in[0].rank();
  const auto named = in.has(5) ? known_numbers(list_of_input("axes", in, 5)) : op.axes.value_or(all_axes(rank));
  if (!named) return std::nullopt;
  AxisSlices slices;
  for (const int64_t length : in[0])
    slices.push_back({0, length == kUnknown ? std::nullopt : std::optional(length), 1});
  const std::vector<int> axes = checked_axes(*named, rank);  // c7
  for (size_t i = 0; i < axes.size(); ++i) slices[static_cast<size_t>(axes[i])] = {start[i], size[i], stride[i]};
  return slices;
}

int64_t sampled_index(SampleMode mode, int64_t index, int64_t length) {
  const bool inside = index >= 0 && index < length;
  if (inside || mode == SampleMode::kStrictBounds) return index;
  if (mode == SampleMode::kFill) return -1;
  if (mode == SampleMode::kWrap) return (index % length + length) % length;
  if (mode == SampleMode::kClamp) return std::clamp<int64_t>(index, 0, length - 1);
  const int64_t period = std::max<int64_t>(2 * length - 2, 1);
  const int64_t c = std::abs(index) % period;
  return c < length ? c : period - c;
}

Types Slice::infer_types(const Types& in) const {
  expect_inputs(in, 1, 6);
  check_movable(in[0]);  // c1
  check_index_input("start", in, 1);
  check_index_input("size", in, 2);
  check_index_input("stride", in, 3);
  check_index_input("axes", in, 5);  // c2
  const DType fill = type_at(in, 4);
  TORCHTRT_CHECK(fill == DType::kNone || fill == in[0], "the fill value must have the data's type ", in[0], ", got ",
                 fill);  // c3
  return {in[0]};
}

Shapes Slice::infer_shapes(const ShapeArgs& in) const {
  if (in.has(4)) {
    TORCHTRT_CHECK(mode == SampleMode::kFill, "a fill value (input 4) needs mode FILL");      // c4
    TORCHTRT_CHECK(in[4].rank() == 0, "the fill value must be a scalar, got shape ", in[4]);  // c4
  }
  Shape out = Shape::filled(in[0].rank(), kUnknown);
  const auto slices = slice_parameters(*this, in);
  if (!slices) return {out};
  for (int axis = 0; axis < out.rank(); ++axis) {
    const AxisSlice& slice = (*slices)[static_cast<size_t>(axis)];
    check_axis(*this, in[0], axis, slice);
    out[axis] = slice.size.value_or(kUnknown);
  }
  return {out};
}

std::optional<HostValues> Slice::fold(const HostArgs& in) const {
  const Shape out = infer_shapes(in)[0];
  const auto slices = slice_parameters(*this, in);
  const auto x = operand(in, 0);
  if (!slices || !x || !in.value(0) || !is_trackable(out)) return std::nullopt;
  const auto fill = in.has(4) ? operand(in, 4) : std::nullopt;
  return HostValues{generate(x->dtype, out, [&](const Coordinates& at) {
    Coordinates source{};
    for (int axis = 0; axis < out.rank(); ++axis) {
      const AxisSlice& slice = (*slices)[static_cast<size_t>(axis)];
      if (!slice.start || !slice.stride) return HostScalar::unknown();
      source[axis] = sampled_index(mode, *slice.start + at[axis] * *slice.stride, x->shape[axis]);
      if (source[axis] < 0) return fill ? fill->elements[0] : zero_of(x->dtype);
    }
    return x->elements[static_cast<size_t>(position_of(x->shape, source))];
  })};
}

TORCHTRT_LAYER(Slice)

}  // namespace torchtrt::engine

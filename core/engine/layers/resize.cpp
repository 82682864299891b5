// Resize: interpolation to other lengths. Where scales are given, coordinates follow them, not the ratio of the
// lengths. Results of int8 are rounded, ties to even, and clamped.
//   c1  data floating or int8; nearest also takes int32 and int64
//   c2  output dims (input 1), where present, are int32 or int64
//   c3  the data has at least one axis
//   c4  the lengths come from one of input 1, output dims, scales
//   c5  dims or scales have one number per axis
//   c6  no length is negative; scales are positive, and make no length of 2^62 or more
//   c7  axes before the last 8 (nearest), 3 (linear), 2 (cubic) keep their lengths
//   c8  an empty axis stays empty
#include "core/engine/layers/resize.h"

#include <cmath>

#include "core/engine/layers/args.h"

namespace torchtrt::engine {
namespace {

// floor(length * scale) as float32 numbers, which scales are.
int64_t scaled(int64_t length, double scale) {
  if (length == kUnknown || scale == 1) return length;
  constexpr float kLimit = 4611686018427387904.0f;  // 2^62
  const float product = std::floor(static_cast<float>(length) * static_cast<float>(scale));
  TORCHTRT_CHECK(product < kLimit, "scale ", scale, " makes the length ", length, " larger than 2^62");  // c6
  return static_cast<int64_t>(product);
}

HostList scaled_lengths(const Shape& x, const std::vector<double>& scales) {
  TORCHTRT_CHECK(static_cast<int>(scales.size()) == x.rank(), scales.size(), " scales for the axes of ", x);  // c5
  HostList lengths;
  for (int axis = 0; axis < x.rank(); ++axis) {
    const double scale = scales[static_cast<size_t>(axis)];
    TORCHTRT_CHECK(scale > 0 && std::isfinite(scale), "scale ", scale, " is not positive");  // c6
    const int64_t length = scaled(x[axis], scale);
    lengths.push_back(length == kUnknown ? std::nullopt : std::optional(length));
  }
  return lengths;
}

HostList wanted_lengths(const Resize& op, const ShapeArgs& in) {
  if (in.has(1)) return list_of_input("output dims", in, 1);
  const char* found = op.output_dims ? "both" : "none";
  TORCHTRT_CHECK(op.output_dims.has_value() == op.scales.empty(),
                 "one of output dims (input 1 or static) and scales is ", "needed, got ", found);  // c4
  return op.output_dims ? list_of_numbers(*op.output_dims) : scaled_lengths(in[0], op.scales);
}

int resizable_axes(InterpolationMode mode) {
  switch (mode) {
    case InterpolationMode::kLinear:
      return 3;
    case InterpolationMode::kCubic:
      return 2;
    case InterpolationMode::kNearest:
      break;
  }
  return kMaxRank;
}

}  // namespace

Types Resize::infer_types(const Types& in) const {
  expect_inputs(in, 1, 2);
  const bool nearest = mode == InterpolationMode::kNearest;
  TORCHTRT_CHECK(is_floating(in[0]) || in[0] == DType::kInt8 || (nearest && is_index(in[0])),
                 "the data must be float32, float16, bfloat16 or int8 (nearest: int32 or int64 too), got ",
                 in[0]);                    // c1
  check_index_input("output dims", in, 1);  // c2
  return {in[0]};
}

Shapes Resize::infer_shapes(const ShapeArgs& in) const {
  const Shape& x = in[0];
  TORCHTRT_CHECK(x.rank() >= 1, "the data must have at least one axis, got a scalar");  // c3
  const HostList lengths = wanted_lengths(*this, in);
  TORCHTRT_CHECK(static_cast<int>(lengths.size()) == x.rank(), lengths.size(), " output dims for the axes of ",
                 x);  // c5
  Shape out = Shape::filled(x.rank(), kUnknown);
  for (int axis = 0; axis < x.rank(); ++axis) {
    const bool fixed = axis < x.rank() - resizable_axes(mode);
    out[axis] = lengths[static_cast<size_t>(axis)].value_or(fixed ? x[axis] : kUnknown);
    if (out[axis] == kUnknown && !lengths[static_cast<size_t>(axis)]) continue;
    TORCHTRT_CHECK(out[axis] >= 0, "length ", out[axis], " of axis ", axis, " is negative");  // c6
    if (x[axis] == kUnknown) continue;
    TORCHTRT_CHECK(!fixed || out[axis] == x[axis], "axis ", axis, " of ", x, " cannot be resized to ", out[axis],
                   " in this mode, which takes the last ", resizable_axes(mode), " axes");  // c7
    TORCHTRT_CHECK(x[axis] != 0 || out[axis] == 0, "the empty axis ", axis, " of ", x, " cannot become ",
                   out[axis]);  // c8
  }
  return {out};
}

TORCHTRT_LAYER(Resize)

}  // namespace torchtrt::engine

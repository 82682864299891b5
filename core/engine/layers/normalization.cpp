// Normalization: (x - mean) / sqrt(var + eps) * scale + bias over masked axes, perhaps by groups of channels. Mean and
// variance are float32.
//   c1  three inputs: x, scale, bias
//   c2  all of one floating type
//   c3  at least one axis, and all inside the rank
//   c4  groups are positive; more than one need a mask of exactly the axes after the channel axis 1
//   c5  the number of channels is a multiple of the groups
//   c6  scale and bias have one shape, of the rank of x
//   c7  it broadcasts to x; with groups, V1: its channel length may be the number of groups
//   c8  epsilon is not negative
#include "core/engine/layers/normalization.h"

#include "core/engine/layers/rules.h"

namespace torchtrt::engine {
namespace {

uint32_t axes_after_channels(int rank) { return ((1u << rank) - 1) & ~3u; }

}  // namespace

Types Normalization::infer_types(const Types& in) const {
  expect_inputs(in, 3);                                                                                    // c1
  expect_one_type(in);                                                                                     // c2
  expect_type(is_floating(in[0]), "the input of a normalization", "float32, float16 or bfloat16", in[0]);  // c2
  return {in[0]};
}

Shapes Normalization::infer_shapes(const ShapeArgs& in) const {
  const Shape &x = in[0], &scale = in[1], &bias = in[2];
  TORCHTRT_CHECK(axes != 0 && axes >> x.rank() == 0, "the axes mask ", axes, " names no axis, or one outside rank ",
                 x.rank());                                                              // c3
  TORCHTRT_CHECK(epsilon >= 0, "epsilon must not be negative: ", epsilon);               // c8
  TORCHTRT_CHECK(groups >= 1, "the number of groups has to be positive, not ", groups);  // c4
  if (groups > 1) {
    TORCHTRT_CHECK(x.rank() > 2 && axes == axes_after_channels(x.rank()), "with ", groups,
                   " groups the axes are exactly those after the channel axis 1, not the mask ", axes);         // c4
    TORCHTRT_CHECK(x[1] == kUnknown || x[1] % groups == 0, x[1], " channels do not make ", groups, " groups");  // c5
  }
  bool equal = scale.rank() == x.rank() && bias.rank() == x.rank();
  for (int axis = 0; equal && axis < x.rank(); ++axis) equal = may_equal(scale[axis], bias[axis]);
  TORCHTRT_CHECK(equal, "scale and bias need one shape of rank ", x.rank(), ": ", scale, " and ", bias);  // c6
  for (int axis = 0; axis < x.rank(); ++axis) {
    const bool per_group = !v2 && groups > 1 && axis == 1 && scale[axis] == groups;
    TORCHTRT_CHECK(per_group || scale[axis] == 1 || may_equal(scale[axis], x[axis]), "scale of shape ", scale,
                   " does not broadcast to ", x);  // c7
  }
  return {x};
}

TORCHTRT_LAYER(Normalization);

}  // namespace torchtrt::engine

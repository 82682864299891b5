// ParametricReLU: slope (input 1) * x where x (input 0) is negative, x elsewhere. NaN comes out where it goes in.
//   c1  x and slope of one floating type
//   c2  equal ranks
//   c3  each length of the slope is that of x, or 1
#include "core/engine/layers/parametric_relu.h"

#include "core/engine/layers/rules.h"

namespace torchtrt::engine {

Types ParametricReLU::infer_types(const Types& in) const {
  expect_inputs(in, 2);
  expect_type(is_floating(in[0]), "the input of ReLU", "float32, float16 or bfloat16", in[0]);  // c1
  expect_one_type(in);                                                                          // c1
  return {in[0]};
}

Shapes ParametricReLU::infer_shapes(const ShapeArgs& in) const {
  const Shape &x = in[0], &slope = in[1];
  TORCHTRT_CHECK(x.rank() == slope.rank(), "x and slope need equal ranks: ", x, " and ", slope);  // c2
  for (int axis = 0; axis < x.rank(); ++axis)
    TORCHTRT_CHECK(may_equal(slope[axis], x[axis]) || slope[axis] == 1, "slope ", slope, " does not broadcast to x ", x,
                   ": axis ", axis, " has length ", slope[axis], ", expected 1 or ", x[axis]);  // c3
  return {x};
}

TORCHTRT_LAYER(ParametricReLU)

}  // namespace torchtrt::engine

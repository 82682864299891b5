// Linear: x W^T + b.
//   c1  two inputs, or three
//   c2  all of one floating type
//   c3  x has an axis, the weight two, the bias one
//   c4  the last length of x is that of the weight; the bias has the weight's first
#include "core/engine/layers/linear.h"

#include "core/engine/layers/rules.h"

namespace torchtrt::engine {

Types Linear::infer_types(const Types& in) const {
  expect_inputs(in, 2, 3);                                                                        // c1
  expect_type(is_floating(in[0]), "the input of linear", "float32, float16 or bfloat16", in[0]);  // c2
  expect_one_type(in);                                                                            // c2
  return {in[0]};
}

Shapes Linear::infer_shapes(const ShapeArgs& in) const {
  const Shape &x = in[0], &weight = in[1];
  TORCHTRT_CHECK(x.rank() >= 1 && weight.rank() == 2, "x [..., K] and weight [N, K] expected, got ", x, " and ",
                 weight);                                                                                         // c3
  TORCHTRT_CHECK(may_equal(x[x.rank() - 1], weight[1]), "the lengths to sum over differ: ", x, " and ", weight);  // c4
  if (in.has(2)) {
    TORCHTRT_CHECK(in[2].rank() == 1, "a bias of rank 1 expected, got ", in[2]);                              // c3
    TORCHTRT_CHECK(may_equal(in[2][0], weight[0]), "the bias ", in[2], " does not fit the weight ", weight);  // c4
  }
  Shape y = x;
  y[y.rank() - 1] = weight[0];
  return {y};
}

TORCHTRT_LAYER(Linear);

}  // namespace torchtrt::engine

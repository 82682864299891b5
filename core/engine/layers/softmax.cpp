// Softmax: exp(x - max) / sum along one axis.
//   c1  one input
//   c2  of a floating type
//   c3  the axis lies inside the rank
#include "core/engine/layers/softmax.h"

#include "core/engine/layers/rules.h"

namespace torchtrt::engine {

Types Softmax::infer_types(const Types& in) const {
  expect_inputs(in, 1);                                                                            // c1
  expect_type(is_floating(in[0]), "the input of softmax", "float32, float16 or bfloat16", in[0]);  // c2
  return {in[0]};
}

Shapes Softmax::infer_shapes(const ShapeArgs& in) const {
  TORCHTRT_CHECK(in[0].has_axis(axis), "axis ", axis, " lies outside rank ", in[0].rank());  // c3
  return {in[0]};
}

TORCHTRT_LAYER(Softmax);

}  // namespace torchtrt::engine

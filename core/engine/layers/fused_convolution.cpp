// FusedConvolution: relu?(convolution + residual?).
//   c1  data, kernel, and perhaps bias and residual, of one floating type
//   c2  all but the residual as Convolution has it
//   c3  the residual has the result's shape
#include "core/engine/layers/fused_convolution.h"

#include "core/engine/layers/convolution_rules.h"

namespace torchtrt::engine {

Types FusedConvolution::infer_types(const Types& in) const {
  expect_inputs(in, 2, 4);                                                                               // c1
  expect_type(is_floating(in[0]), "the input of a convolution", "float32, float16 or bfloat16", in[0]);  // c1
  expect_one_type(in);                                                                                   // c1
  return {in[0]};
}

Shapes FusedConvolution::infer_shapes(const ShapeArgs& in) const {
  const Shapes result = convolution_rules::shapes(*this, in, /*transposed=*/false);  // c2
  if (!in.has(3)) return result;
  bool equal = in[3].rank() == result[0].rank();
  for (int axis = 0; equal && axis < in[3].rank(); ++axis) equal = may_equal(in[3][axis], result[0][axis]);
  TORCHTRT_CHECK(equal, "the residual ", in[3], " has not the shape of the result, ", result[0]);  // c3
  return result;
}

TORCHTRT_LAYER(FusedConvolution);

}  // namespace torchtrt::engine

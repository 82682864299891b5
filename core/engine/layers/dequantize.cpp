// Dequantize: q * scale, a product in float32 that is rounded once to the result's type. Input 2, the zero point, is
// zero.
//   c1   two inputs, data and scale, and perhaps a zero point
//   c2   the data's type is int8, fp8, int4 or fp4
//   c3   the result's type is floating
//   c4   the scale is float32, or has the result's type, or is e8m0 for data of fp8
//   c5   the zero point has the data's type and the scale's shape
//   c6 to c12  as in quantize.cpp
#include "core/engine/layers/dequantize.h"

#include "core/engine/layers/quantization.h"
#include "core/engine/layers/rules.h"

namespace torchtrt::engine {

Types Dequantize::infer_types(const Types& in) const {
  expect_inputs(in, 2, 3);                                                                                   // c1
  expect_type(is_quantized(in[0]), "the data to dequantize", "int8, fp8, int4 or fp4", in[0]);               // c2
  expect_type(is_floating(to_type), "the result of dequantizing", "float32, float16 or bfloat16", to_type);  // c3
  check_scale_type(in[1], to_type, in[0]);                                                                   // c4
  if (in.size() > 2 && in[2] != DType::kNone)
    expect_type(in[2] == in[0], "the zero point", join("of the data's type ", in[0]), in[2]);  // c5
  return {to_type};
}

Shapes Dequantize::infer_shapes(const ShapeArgs& in) const {
  check_zero_point(in);                         // c5
  scale_grid(in[0], in[1], axis, block_shape);  // c6, c7, c8, c9
  return {in[0]};
}

TORCHTRT_LAYER(Dequantize);

}  // namespace torchtrt::engine

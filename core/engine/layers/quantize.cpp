// Quantize: clamp(round(x / scale)), ties to even. Input 2, the zero point, is zero.
//
// x / scale is a division in float32. NaN becomes 0, except in fp8, which has one; infinity saturates.
//   c1   two inputs, data and scale, and perhaps a zero point
//   c2   the data's type is floating
//   c3   the result's type is int8, fp8, int4 or fp4
//   c4   the scale is float32, or has the data's type, or is e8m0 for a result of fp8
//   c5   the zero point has the result's type and the scale's shape
//   c6   the data is no scalar
//   c7   the scale has rank 0, rank 1, or the data's rank, or one element
//   c8   a scale of rank 1 and more than one element needs an axis of the data, of its length
//   c9   blocks divide the axes; without a block shape one axis is blocked, of the last two
//   c10  elements of a constant scale are positive                           (plan/quantization_rules.cpp)
//   c11  the zero point is a constant, perhaps behind a cast, of zeros       (plan/quantization_rules.cpp)
//   c12  scales per channel are for weights: data that depends on no input   (plan/quantization_rules.cpp)
#include "core/engine/layers/quantize.h"

#include "core/engine/layers/quantization.h"
#include "core/engine/layers/rules.h"

namespace torchtrt::engine {

Types Quantize::infer_types(const Types& in) const {
  expect_inputs(in, 2, 3);                                                                            // c1
  expect_type(is_floating(in[0]), "the data to quantize", "float32, float16 or bfloat16", in[0]);     // c2
  expect_type(is_quantized(to_type), "the result of quantizing", "int8, fp8, int4 or fp4", to_type);  // c3
  check_scale_type(in[1], in[0], to_type);                                                            // c4
  if (in.size() > 2 && in[2] != DType::kNone)
    expect_type(in[2] == to_type, "the zero point", join("of the result's type ", to_type), in[2]);  // c5
  return {to_type};
}

Shapes Quantize::infer_shapes(const ShapeArgs& in) const {
  check_zero_point(in);                         // c5
  scale_grid(in[0], in[1], axis, block_shape);  // c6, c7, c8, c9
  return {in[0]};
}

TORCHTRT_LAYER(Quantize);

}  // namespace torchtrt::engine

// NonZero: [rank, count] indices of elements other than 0, in row-major order. NaN is not 0.
//   c1  one input: float32, float16, bfloat16, int8, int32, int64 or bool
//   c2  indices int32 or int64
//   c3  the input has at least one axis
#include "core/engine/layers/non_zero.h"

#include "core/engine/layers/rules.h"

namespace torchtrt::engine {

Types NonZero::infer_types(const Types& in) const {
  expect_inputs(in, 1);  // c1
  const bool taken = is_floating(in[0]) || is_index(in[0]) || in[0] == DType::kInt8 || in[0] == DType::kBool;
  expect_type(taken, "the input", "float32, float16, bfloat16, int8, int32, int64 or bool", in[0]);  // c1
  expect_type(is_index(indices_type), "the type of the indices", "int32 or int64", indices_type);    // c2
  return {indices_type};
}

Shapes NonZero::infer_shapes(const ShapeArgs& in) const {
  TORCHTRT_CHECK(in[0].rank() >= 1, "the input must have at least one axis, got a scalar");  // c3
  return {Shape{in[0].rank(), kUnknown}};
}

Shapes NonZero::max_shapes(const ShapeArgs& in) const { return {Shape{in[0].rank(), in[0].volume()}}; }

TORCHTRT_LAYER(NonZero)

}  // namespace torchtrt::engine

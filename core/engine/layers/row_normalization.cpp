// RowNormalization: layer norm or root mean square over the last axes, perhaps of a sum.
//   c1  one to four inputs: x, scale, bias, residual
//   c2  all of floating types; the residual has the type of x
//   c3  the result's type is floating
//   c4  a row has one axis at least, and no more than x has
//   c5  residual and x broadcast
//   c6  scale and bias have a row's lengths last, and 1 before
//   c7  epsilon is not negative
//   c8  a sum is kept where there is a residual
#include "core/engine/layers/row_normalization.h"

#include "core/engine/layers/args.h"
#include "core/engine/layers/rules.h"

namespace torchtrt::engine {
namespace {

void expect_row(const char* what, const Shape& parameter, const Shape& x, int axes) {
  bool fits = parameter.rank() >= axes;
  for (int i = 1; fits && i <= parameter.rank(); ++i) {
    const int64_t length = parameter[parameter.rank() - i];
    fits = i <= axes ? may_equal(length, x[x.rank() - i]) : may_equal(length, 1);
  }
  TORCHTRT_CHECK(fits, "the ", what, ' ', parameter, " does not fit the last ", axes, " axes of ", x);  // c6
}

}  // namespace

Types RowNormalization::infer_types(const Types& in) const {
  expect_inputs(in, 1, 4);  // c1
  for (const DType type : in)
    expect_type(type == DType::kNone || is_floating(type), "an input of a normalization",
                "float32, float16 or bfloat16", type);                                                          // c2
  expect_type(is_floating(to_type), "the result of a normalization", "float32, float16 or bfloat16", to_type);  // c3
  const DType residual = type_at(in, kResidual);
  if (residual != DType::kNone) expect_one_type({in[kX], residual});                                 // c2
  TORCHTRT_CHECK(!keep_sum || residual != DType::kNone, "there is no residual to keep the sum of");  // c8
  return keep_sum ? Types{to_type, in[kX]} : Types{to_type};
}

Shapes RowNormalization::infer_shapes(const ShapeArgs& in) const {
  const Shape sum = in.has(kResidual) ? expect_broadcast(in[kX], in[kResidual]) : in[kX];  // c5
  TORCHTRT_CHECK(axes >= 1 && axes <= sum.rank(), "a row of ", axes, " axes of ", sum);    // c4
  TORCHTRT_CHECK(epsilon >= 0, "epsilon must not be negative: ", epsilon);                 // c7
  if (in.has(kScale)) expect_row("scale", in[kScale], sum, static_cast<int>(axes));        // c6
  if (in.has(kBias)) expect_row("bias", in[kBias], sum, static_cast<int>(axes));           // c6
  return keep_sum ? Shapes{sum, sum} : Shapes{sum};
}

TORCHTRT_LAYER(RowNormalization);

}  // namespace torchtrt::engine

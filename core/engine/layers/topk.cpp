// TopK: the K largest or smallest elements along an axis, sorted, with their indices.
// Of equal elements the one with the lower index comes first; NaN is larger than every number.
//   c1  data floating, int32 or int64; K (input 1), where present, int32 or int64; indices int32 or int64
//   c2  exactly one axis, inside the rank and among the last four
//   c3  1 <= K <= 3840
//   c4  K is not above the length of the axis
//   c5  K as a tensor is a scalar
#include "core/engine/layers/topk.h"

#include <bit>

#include "core/engine/layers/args.h"

namespace torchtrt::engine {
namespace {

constexpr int64_t kMaxK = 3840;

}  // namespace

Types TopK::infer_types(const Types& in) const {
  expect_inputs(in, 1, 2);
  TORCHTRT_CHECK(is_floating(in[0]) || is_index(in[0]),
                 "the data must be float32, float16, bfloat16, int32 or int64, got ", in[0]);    // c1
  check_index_input("K", in, 1);                                                                 // c1
  TORCHTRT_CHECK(is_index(indices_type), "indices must be int32 or int64, not ", indices_type);  // c1
  return {in[0], indices_type};
}

Shapes TopK::infer_shapes(const ShapeArgs& in) const {
  const Shape& x = in[0];
  const int axis = std::countr_zero(axes);
  TORCHTRT_CHECK(std::has_single_bit(axes) && x.has_axis(axis) && axis >= x.rank() - 4, "axes mask ", axes,
                 " must name one of the last four axes of ", x);                   // c2
  const auto wanted = in.has(1) ? number_of_input("K", in, 1) : std::optional(k);  // c5
  if (wanted) {
    TORCHTRT_CHECK(*wanted >= 1 && *wanted <= kMaxK, "K ", *wanted, " lies outside [1, ", kMaxK, "]");  // c3
    TORCHTRT_CHECK(x[axis] == kUnknown || *wanted <= x[axis], "K ", *wanted, " is above the length of axis ", axis,
                   " of ", x);  // c4
  }
  Shape out = x;
  out[axis] = wanted.value_or(kUnknown);
  return {out, out};
}

TORCHTRT_LAYER(TopK)

}  // namespace torchtrt::engine

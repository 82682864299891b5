// Cumulative: running sum along the axis that input 1 names. TensorRT wants a constant there; here a value that a
// profile bounds or a layer computes will do.
//   c1  data floating, int32 or int64; the axis int32 or int64
//   c2  the data has at least one axis
//   c3  the axis is a scalar in [-rank, rank)
#include "core/engine/layers/cumulative.h"

#include "core/engine/layers/args.h"
#include "core/engine/layers/host_move.h"

namespace torchtrt::engine {

Types Cumulative::infer_types(const Types& in) const {
  expect_inputs(in, 2, 2);
  TORCHTRT_CHECK(is_floating(in[0]) || is_index(in[0]),
                 "the data must be float32, float16, bfloat16, int32 or int64, got ", in[0]);  // c1
  check_index_input("axis", in, 1);                                                            // c1
  return {in[0]};
}

Shapes Cumulative::infer_shapes(const ShapeArgs& in) const {
  TORCHTRT_CHECK(in[0].rank() >= 1, "the data must have at least one axis, got a scalar");  // c2
  const auto axis = number_of_input("axis", in, 1);                                         // c3
  if (axis) checked_axis(*axis, in[0].rank());                                              // c3
  return {in[0]};
}

std::optional<HostValues> Cumulative::fold(const HostArgs& in) const {
  infer_shapes(in);
  const auto named = number_of_input("axis", in, 1);
  if (!in.value(0) || !named) return std::nullopt;
  const HostValue& x = *in.value(0);
  const int axis = checked_axis(*named, x.shape.rank());
  return HostValues{generate(x.dtype, x.shape, [&](const Coordinates& at) {
    Coordinates source = at;
    HostScalar sum = zero_of(x.dtype);
    const int64_t begin = reverse ? at[axis] + exclusive : 0;
    const int64_t end = reverse ? x.shape[axis] : at[axis] + !exclusive;
    for (source[axis] = begin; source[axis] < end; ++source[axis])
      sum = add(x.dtype, sum, x.elements[static_cast<size_t>(position_of(x.shape, source))]);
    return sum;
  })};
}

TORCHTRT_LAYER(Cumulative)

}  // namespace torchtrt::engine

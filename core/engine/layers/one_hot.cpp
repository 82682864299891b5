// OneHot: indices (input 0) become a new axis of `depth` (2) elements: values[1] at the index, values[0] elsewhere.
// Negative indices count from the end; an index outside yields values[0] everywhere. A depth that only run time knows
// is taken, too.
//   c1  indices and depth int32 or int64; values (input 1) of any type but uint8
//   c2  values have one axis of two elements
//   c3  depth is a scalar
//   c4  depth is positive
//   c5  the axis lies in [-r - 1, r], with r the rank of the indices
//   c6  the result has at most 8 axes
#include "core/engine/layers/one_hot.h"

#include "core/engine/layers/args.h"

namespace torchtrt::engine {

Types OneHot::infer_types(const Types& in) const {
  expect_inputs(in, 3);
  check_index_input("indices", in, 0);  // c1
  check_index_input("depth", in, 2);    // c1
  check_movable(in[1]);                 // c1
  return {in[1]};
}

Shapes OneHot::infer_shapes(const ShapeArgs& in) const {
  const Shape& values = in[1];
  TORCHTRT_CHECK(values.rank() == 1 && may_equal(values[0], 2), "values (input 1) must have shape [2], got ",
                 values);                                                       // c2
  const auto depth = number_of_input("depth", in, 2);                           // c3
  TORCHTRT_CHECK(!depth || *depth >= 1, "depth ", *depth, " is not positive");  // c4
  Shape out = in[0];
  TORCHTRT_CHECK(out.rank() < kMaxRank, "the result would have more than ", kMaxRank, " axes: indices ", out);  // c6
  const int at = checked_axis(axis, out.rank() + 1);                                                            // c5
  out.insert(at, depth.value_or(kUnknown));
  return {out};
}

TORCHTRT_LAYER(OneHot)

}  // namespace torchtrt::engine

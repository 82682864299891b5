// RaggedSoftMax: softmax over the first bounds[..] elements of each row of the data; the rest of the row is 0.
// A bound below 1 leaves a row of zeros, one beyond the row counts as its length.
//   c1  data (input 0) of a floating type; bounds (input 1) int32
//   c2  at least two axes
//   c3  equal ranks
//   c4  the last length of the bounds is 1, and known
//   c5  all other lengths are equal
#include "core/engine/layers/ragged_softmax.h"

#include "core/engine/layers/rules.h"

namespace torchtrt::engine {

Types RaggedSoftMax::infer_types(const Types& in) const {
  expect_inputs(in, 2);
  expect_type(is_floating(in[0]), "the data", "float32, float16 or bfloat16", in[0]);  // c1
  expect_type(in[1] == DType::kInt32, "bounds (input 1)", "int32", in[1]);             // c1
  return {in[0]};
}

Shapes RaggedSoftMax::infer_shapes(const ShapeArgs& in) const {
  const Shape &data = in[0], &bounds = in[1];
  TORCHTRT_CHECK(data.rank() >= 2, "the data must have at least two axes, got ", data);                       // c2
  TORCHTRT_CHECK(bounds.rank() == data.rank(), "data and bounds need equal ranks: ", data, " and ", bounds);  // c3
  const int last = data.rank() - 1;
  TORCHTRT_CHECK(bounds[last] == 1, "the last length of bounds must be 1, and known at build time; got ",
                 bounds);  // c4
  for (int axis = 0; axis < last; ++axis)
    TORCHTRT_CHECK(may_equal(data[axis], bounds[axis]), "bounds ", bounds, " do not go with data ", data, ": axis ",
                   axis, " has lengths ", bounds[axis], " and ", data[axis]);  // c5
  return {data};
}

TORCHTRT_LAYER(RaggedSoftMax)

}  // namespace torchtrt::engine

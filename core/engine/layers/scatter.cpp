// Scatter: data (input 0) with the elements that indices (1) name replaced by updates (2).
// Of several updates of one element the last in row major order stays. Negative indices count from the end; updates
// whose index lies outside are ignored.
//   c1  data bool, int32, int64 or floating; indices int32 or int64; updates of the data's type
//   c2  the data has at least one axis
//   c3  ELEMENT: the axis lies in [0, rank)
//   c4  ELEMENT: data, indices and updates have one rank
//   c5  ELEMENT: indices and updates have the same lengths
//   c6  ELEMENT: no length of the indices off the axis is larger than the data's
//   c7  ND: the last length m of the indices is known and not above the data's rank
//   c8  ND: updates have the indices' lengths but the last, and the data's from axis m on
#include "core/engine/layers/scatter.h"

#include "core/engine/layers/args.h"

namespace torchtrt::engine {
namespace {

void check_element(const Scatter& op, const Shape& data, const Shape& indices, const Shape& updates) {
  TORCHTRT_CHECK(data.has_axis(op.axis), "axis ", op.axis, " lies outside the rank of ", data);  // c3
  TORCHTRT_CHECK(indices.rank() == data.rank() && updates.rank() == data.rank(), "ELEMENT takes data, indices and ",
                 "updates of one rank; got ", data, ", ", indices, " and ", updates);  // c4
  for (int i = 0; i < data.rank(); ++i) {
    TORCHTRT_CHECK(may_equal(indices[i], updates[i]), "ELEMENT takes indices and updates of the same lengths; got ",
                   indices, " and ", updates);  // c5
    const bool larger = indices[i] != kUnknown && data[i] != kUnknown && indices[i] > data[i];
    TORCHTRT_CHECK(i == op.axis || !larger, "ELEMENT, but axis ", i, " of indices ", indices,
                   " is longer than that of data ", data);  // c6
  }
}

void check_nd(const Shape& data, const Shape& indices, const Shape& updates) {
  const int64_t m = indices.rank() == 0 ? kUnknown : indices[indices.rank() - 1];
  TORCHTRT_CHECK(m != kUnknown && m <= data.rank(), "ND needs a last length of the indices that is known and at most ",
                 data.rank(), "; got indices ", indices);  // c7
  const int outer = indices.rank() - 1, first = static_cast<int>(m);
  bool fits = updates.rank() == outer + data.rank() - first;
  for (int i = 0; fits && i < updates.rank(); ++i)
    fits = may_equal(updates[i], i < outer ? indices[i] : data[first + i - outer]);
  TORCHTRT_CHECK(fits, "ND takes updates with the lengths of indices ", indices, " but the last, and those of data ",
                 data, " from axis ", m, " on; got ", updates);  // c8
}

}  // namespace

Types Scatter::infer_types(const Types& in) const {
  expect_inputs(in, 3);
  const DType type = in[0];
  expect_type(is_floating(type) || is_index(type) || type == DType::kBool, "the data",
              "bool, int32, int64, float32, float16 or bfloat16", type);                           // c1
  check_index_input("indices", in, 1);                                                             // c1
  TORCHTRT_CHECK(in[2] == type, "updates have to be of the data's type ", type, ", not ", in[2]);  // c1
  return {type};
}

Shapes Scatter::infer_shapes(const ShapeArgs& in) const {
  TORCHTRT_CHECK(in[0].rank() >= 1, "the data must have at least one axis, got a scalar");  // c2
  if (mode == ScatterMode::kElement) {
    check_element(*this, in[0], in[1], in[2]);
  } else {
    check_nd(in[0], in[1], in[2]);
  }
  return {in[0]};
}

TORCHTRT_LAYER(Scatter)

}  // namespace torchtrt::engine

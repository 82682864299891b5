// ReverseSequence: of each batch entry the first lengths[i] elements along the sequence axis are reversed, the rest
// stays. Lengths below 0 count as 0, those beyond the axis as its length.
//   c1  data of any type but uint8; lengths (input 1) int32 or int64
//   c2  the data has at least two axes
//   c3  batch and sequence axis lie in [0, rank) and differ
//   c4  lengths have one axis, as long as the batch axis
#include "core/engine/layers/reverse_sequence.h"

#include "core/engine/layers/args.h"

namespace torchtrt::engine {

Types ReverseSequence::infer_types(const Types& in) const {
  expect_inputs(in, 2);
  check_movable(in[0]);                 // c1
  check_index_input("lengths", in, 1);  // c1
  return {in[0]};
}

Shapes ReverseSequence::infer_shapes(const ShapeArgs& in) const {
  const Shape &data = in[0], &lengths = in[1];
  TORCHTRT_CHECK(data.rank() >= 2, "the data must have at least two axes, got ", data);  // c2
  TORCHTRT_CHECK(data.has_axis(batch_axis) && data.has_axis(sequence_axis) && batch_axis != sequence_axis,
                 "batch axis ", batch_axis, " and sequence axis ", sequence_axis,
                 " must differ and lie inside the rank of ", data);  // c3
  const int64_t batch = data[static_cast<int>(batch_axis)];
  TORCHTRT_CHECK(lengths.rank() == 1 && may_equal(lengths[0], batch), "lengths (input 1) must have shape [", batch,
                 "], the length of batch axis ", batch_axis, " of ", data, "; got ", lengths);  // c4
  return {data};
}

TORCHTRT_LAYER(ReverseSequence)

}  // namespace torchtrt::engine

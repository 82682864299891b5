// Squeeze: removes the axes of length 1 that input 1 names, or, where it is absent, those of an attribute.
// An empty list removes none.
//   c1  data of any type but uint8; axes are int32 or int64
//   c2  axes have one axis of known length, not more than the rank
//   c3  axes lie in [-rank, rank), each named once
//   c4  a removed length is 1
//   c5  axes are an input or an attribute, not both
#include "core/engine/layers/squeeze.h"

#include <algorithm>

#include "core/engine/layers/args.h"
#include "core/engine/layers/host_move.h"

namespace torchtrt::engine {

Types Squeeze::infer_types(const Types& in) const {
  expect_inputs(in, 1, 2);
  check_movable(in[0]);  // c1
  const bool has_input = in.size() > 1 && in[1] != DType::kNone;
  TORCHTRT_CHECK(has_input != axes.has_value(), "axes are an input or an attribute: exactly one of both");  // c5
  if (has_input) check_index_input("axes", in, 1);                                                          // c1
  return {in[0]};
}

Shapes Squeeze::infer_shapes(const ShapeArgs& in) const {
  const HostList list = axes ? list_of_numbers(*axes) : list_of_input("axes", in, 1);  // c2
  const int rank = in[0].rank(), removed = static_cast<int>(list.size());
  TORCHTRT_CHECK(removed <= rank, "", removed, " axes cannot be removed from ", in[0]);  // c2
  const auto numbers = known_numbers(list);
  if (!numbers) return {Shape::filled(rank - removed, kUnknown)};
  const std::vector<int> removed_axes = checked_axes(*numbers, rank);  // c3
  Shape out;
  for (int axis = 0; axis < rank; ++axis) {
    const bool gone = std::find(removed_axes.begin(), removed_axes.end(), axis) != removed_axes.end();
    if (!gone) out.push_back(in[0][axis]);
    TORCHTRT_CHECK(!gone || in[0][axis] == 1 || in[0][axis] == kUnknown, "axis ", axis, " of ", in[0],
                   " has not length 1");  // c4
  }
  return {out};
}

std::optional<HostValues> Squeeze::fold(const HostArgs& in) const {
  const Shape out = infer_shapes(in)[0];
  if (!in.value(0) || !is_trackable(out)) return std::nullopt;
  return HostValues{reshaped(*in.value(0), out)};
}

TORCHTRT_LAYER(Squeeze)

}  // namespace torchtrt::engine

// Unsqueeze: inserts axes of length 1 at the output positions that input 1 names.
//   c1  data of any type but uint8; axes are int32 or int64
//   c2  axes have one axis of known length; the new rank is at most 8
//   c3  axes lie in [-R, R) with R the new rank, each named once
#include "core/engine/layers/unsqueeze.h"

#include <algorithm>

#include "core/engine/layers/args.h"
#include "core/engine/layers/host_move.h"

namespace torchtrt::engine {

Types Unsqueeze::infer_types(const Types& in) const {
  expect_inputs(in, 2, 2);
  check_movable(in[0]);              // c1
  check_index_input("axes", in, 1);  // c1
  return {in[0]};
}

Shapes Unsqueeze::infer_shapes(const ShapeArgs& in) const {
  const HostList list = list_of_input("axes", in, 1);  // c2
  const int64_t rank = in[0].rank() + static_cast<int64_t>(list.size());
  TORCHTRT_CHECK(rank <= kMaxRank, "", in[0], " and ", list.size(), " more axes exceed rank ",
                 kMaxRank);  // c2
  Shape out = Shape::filled(static_cast<int>(rank), kUnknown);
  const auto numbers = known_numbers(list);
  if (!numbers) return {out};
  const std::vector<int> axes = checked_axes(*numbers, out.rank());  // c3
  const int64_t* next = in[0].begin();
  for (int axis = 0; axis < out.rank(); ++axis)
    out[axis] = std::find(axes.begin(), axes.end(), axis) != axes.end() ? 1 : *next++;
  return {out};
}

std::optional<HostValues> Unsqueeze::fold(const HostArgs& in) const {
  const Shape out = infer_shapes(in)[0];
  if (!in.value(0) || !is_trackable(out)) return std::nullopt;
  return HostValues{reshaped(*in.value(0), out)};
}

TORCHTRT_LAYER(Unsqueeze)

}  // namespace torchtrt::engine

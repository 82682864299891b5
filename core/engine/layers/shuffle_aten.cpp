// Shuffle: views where the strides allow it.
#include <ATen/core/Tensor.h>

#include "core/engine/layers/kernel.h"
#include "core/engine/layers/move_aten.h"
#include "core/engine/layers/packed.h"
#include "core/engine/layers/shuffle.h"

namespace torchtrt::engine {

namespace {

at::Tensor shuffled(const Shuffle& op, at::Tensor x, const Call& call) {
  if (!op.first_transpose.empty()) x = x.permute(op.first_transpose);
  // The lengths between the transposes follow from the result's.
  std::vector<int64_t> middle = call.out_sizes(0).vec();
  for (size_t i = 0; i < op.second_transpose.size(); ++i)
    middle[static_cast<size_t>(op.second_transpose[i])] = call.out_shape(0)[static_cast<int>(i)];
  x = x.reshape(middle);
  return op.second_transpose.empty() ? x : x.permute(op.second_transpose);
}

}  // namespace

void run(const Shuffle& op, Call& call) {
  if (op.first_transpose.empty() && op.second_transpose.empty()) return deliver_reshaped(call);
  if (call.is_packed()) return deliver_packed(call, shuffled(op, unpacked_input(call, 0), call));
  call.set(0, typed(shuffled(op, movable(call.in(0)), call), call.in(0).scalar_type()));
}
TORCHTRT_PACKED_KERNEL(Shuffle)

}  // namespace torchtrt::engine

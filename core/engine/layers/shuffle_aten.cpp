// Shuffle: views where the strides allow it.
#include "core/engine/layers/shuffle.h"

#include <ATen/core/Tensor.h>

#include "core/engine/layers/kernel.h"
#include "core/engine/layers/move_aten.h"

namespace torchtrt::engine {

void run(const Shuffle& op, Call& call) {
  at::Tensor x = movable(call.in(0));
  if (!op.first_transpose.empty()) x = x.permute(op.first_transpose);
  // The lengths between the transposes follow from the result's.
  std::vector<int64_t> middle = call.out_sizes(0).vec();
  for (size_t i = 0; i < op.second_transpose.size(); ++i)
    middle[static_cast<size_t>(op.second_transpose[i])] = call.out_shape(0)[static_cast<int>(i)];
  x = x.reshape(middle);
  if (!op.second_transpose.empty()) x = x.permute(op.second_transpose);
  call.set(0, typed(x, call.in(0).scalar_type()));
}
TORCHTRT_KERNEL(Shuffle)

}  // namespace torchtrt::engine

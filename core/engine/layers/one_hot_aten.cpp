// OneHot: indices compared with the coordinates of the new axis.
#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>

#include "core/engine/layers/args.h"
#include "core/engine/layers/kernel.h"
#include "core/engine/layers/move_aten.h"
#include "core/engine/layers/one_hot.h"

namespace torchtrt::engine {

void run(const OneHot& op, Call& call) {
  const at::Tensor &indices = call.in(0), values = movable(call.in(1));
  const int axis = checked_axis(op.axis, static_cast<int>(indices.dim()) + 1);
  const int64_t depth = call.out_shape(0)[axis];
  std::vector<int64_t> sizes(static_cast<size_t>(indices.dim()) + 1, 1);
  sizes[static_cast<size_t>(axis)] = depth;
  const at::Tensor coordinates = positions(depth, at::kLong, call.device()).view(sizes);
  const at::Tensor index = indices.to(at::kLong).unsqueeze(axis);
  const at::Tensor hot = (index == coordinates).logical_or_(index == coordinates - depth);
  call.set(0, typed(at::where(hot, values.select(0, 1), values.select(0, 0)), call.in(1).scalar_type()));
}
TORCHTRT_KERNEL(OneHot)

}  // namespace torchtrt::engine

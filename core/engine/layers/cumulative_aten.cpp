// Cumulative: at::cumsum, shifted where exclusive, between flips where reverse; half types accumulate in float32.
#include <ATen/Functions.h>

#include "core/engine/layers/args.h"
#include "core/engine/layers/cumulative.h"
#include "core/engine/layers/kernel.h"

namespace torchtrt::engine {
namespace {

at::Tensor running_sum(const at::Tensor& x, int64_t axis) {
  const at::ScalarType type = x.is_floating_point() ? at::kFloat : x.scalar_type();
  return at::cumsum(x, axis, type).to(x.scalar_type());
}

}  // namespace

void run(const Cumulative& op, Call& call) {
  at::Tensor x = call.in(0);
  const int64_t axis = checked_axis(call.value(1)->elements.at(0).as_int(), static_cast<int>(x.dim()));
  const int64_t length = x.size(axis);
  if (x.numel() == 0) return call.set(0, x);
  if (op.reverse) x = x.flip(axis);
  if (op.exclusive) {
    const at::Tensor shifted = at::zeros_like(x);
    shifted.narrow(axis, 1, length - 1).copy_(running_sum(x.narrow(axis, 0, length - 1), axis));
    x = shifted;
  } else {
    x = running_sum(x, axis);
  }
  call.set(0, op.reverse ? x.flip(axis) : x);
}
TORCHTRT_KERNEL(Cumulative)

}  // namespace torchtrt::engine

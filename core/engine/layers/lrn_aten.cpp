// LRN: the window's squares are added as shifted ranges of channels, in float32.
#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>

#include "core/engine/layers/kernel_result.h"
#include "core/engine/layers/lrn.h"

namespace torchtrt::engine {

void run(const LRN& op, Call& call) {
  const at::Tensor x = widen(call.in(0));
  const int64_t axis = x.dim() - 3, channels = x.size(axis);
  const at::Tensor squares = x.square();
  at::Tensor sum = squares.clone();
  for (int64_t shift = 1; shift <= op.window / 2 && shift < channels; ++shift) {
    const int64_t count = channels - shift;
    sum.narrow(axis, 0, count).add_(squares.narrow(axis, shift, count));
    sum.narrow(axis, shift, count).add_(squares.narrow(axis, 0, count));
  }
  const double scale = static_cast<double>(op.alpha) / static_cast<double>(op.window);
  deliver(call, x / sum.mul_(scale).add_(op.k).pow_(op.beta));
}
TORCHTRT_KERNEL(LRN)

}  // namespace torchtrt::engine

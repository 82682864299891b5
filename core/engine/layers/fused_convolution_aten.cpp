// FusedConvolution on tensors, by its parts. Where PyTorch has one operator for all, exec/bound_convolution runs it.
#include <ATen/Functions.h>

#include "core/engine/layers/fused_convolution.h"
#include "core/engine/layers/kernel.h"

namespace torchtrt::engine {

void run(const FusedConvolution& op, Call& call) {
  const std::vector<int64_t> zeros(op.kernel_size.size(), 0);
  at::Tensor y = at::convolution(call.in(0), call.in(1), call.has(2) ? std::optional(call.in(2)) : std::nullopt,
                                 op.stride, op.pre_padding, op.dilation, /*transposed=*/false, zeros, op.groups);
  if (call.has(3)) y.add_(call.in(3));
  if (op.relu) y.relu_();
  call.set(0, std::move(y));
}
TORCHTRT_KERNEL(FusedConvolution);

}  // namespace torchtrt::engine

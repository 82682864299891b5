// Deconvolution on tensors.
#include <ATen/Functions.h>

#include "core/engine/layers/convolution_rules.h"
#include "core/engine/layers/convolution_weights.h"
#include "core/engine/layers/deconvolution.h"
#include "core/engine/layers/kernel_result.h"

namespace torchtrt::engine {

void run(const Deconvolution& op, Call& call) {
  const at::Tensor& x = call.in(0);
  const size_t axes = op.kernel_size.size();
  std::vector<int64_t> kernel_sizes{x.size(1), op.output_maps / op.groups};
  kernel_sizes.insert(kernel_sizes.end(), op.kernel_size.begin(), op.kernel_size.end());
  std::vector<WindowResult> windows(axes);
  std::vector<int64_t> trimmed(axes);  // on both sides by the convolution, the rest of it below
  for (size_t axis = 0; axis < axes; ++axis) {
    windows[axis] = slide_transposed(window_of(op, axis), op.padding_mode, x.size(axis + 2));
    trimmed[axis] = std::min(windows[axis].pre, windows[axis].post);
  }
  at::Tensor y = at::convolution(x, kernel_tensor(op, call, kernel_sizes), bias_tensor(op, call), op.stride, trimmed,
                                 op.dilation, /*transposed=*/true, /*output_padding=*/zeros(op), op.groups);
  for (size_t axis = 0; axis < axes; ++axis)
    y = y.narrow(axis + 2, windows[axis].pre - trimmed[axis], windows[axis].output);
  call.set(0, std::move(y));
}
TORCHTRT_KERNEL(Deconvolution);

}  // namespace torchtrt::engine

// Convolution on tensors.
#include <ATen/Functions.h>

#include "core/engine/layers/convolution.h"
#include "core/engine/layers/convolution_rules.h"
#include "core/engine/layers/convolution_weights.h"
#include "core/engine/layers/kernel_result.h"

namespace torchtrt::engine {
namespace {

// Equal paddings on both sides are the convolution's own; what goes beyond is added to the data before.
struct Paddings {
  std::vector<int64_t> inside;
  std::vector<int64_t> outside;  // in the order of constant_pad_nd: last axis first, pre and post
  bool any_outside = false;
};

Paddings paddings_of(const Convolution& op, const at::Tensor& x) {
  const int axes = static_cast<int>(op.kernel_size.size());
  Paddings result;
  result.inside.resize(axes);
  for (int axis = axes - 1; axis >= 0; --axis) {
    const int64_t length = x.size(axis + 2);
    const Window window = window_of(op, axis);
    const WindowResult padding = slide(window, op.padding_mode, length);
    const int64_t post = padding.post + overhang(window, padding, length);
    const int64_t both = length == 0 ? 0 : std::min(padding.pre, post);  // an empty axis is filled outside
    result.inside[axis] = both;
    result.outside.insert(result.outside.end(), {padding.pre - both, post - both});
    result.any_outside = result.any_outside || padding.pre != post || length == 0;
  }
  return result;
}

}  // namespace

void run(const Convolution& op, Call& call) {
  const at::Tensor& x = call.in(0);
  const Paddings paddings = paddings_of(op, x);
  const at::Tensor padded = paddings.any_outside ? at::constant_pad_nd(x, paddings.outside, 0) : x;
  std::vector<int64_t> kernel_sizes{op.output_maps, x.size(1) / op.groups};
  kernel_sizes.insert(kernel_sizes.end(), op.kernel_size.begin(), op.kernel_size.end());
  call.set(
      0, at::convolution(padded, kernel_tensor(op, call, kernel_sizes), bias_tensor(op, call), op.stride,
                         paddings.inside, op.dilation, /*transposed=*/false, /*output_padding=*/zeros(op), op.groups));
}
TORCHTRT_KERNEL(Convolution);

}  // namespace torchtrt::engine

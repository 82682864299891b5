// Kernel and bias of Convolution and Deconvolution as tensors, whichever way they were given.
#pragma once

#include <optional>
#include <vector>

#include "core/engine/layers/kernel_result.h"

namespace torchtrt::engine {

template <class Op>
at::Tensor kernel_tensor(const Op& op, const Call& call, c10::IntArrayRef sizes) {
  return call.has(1) ? call.in(1) : tensor_of(op.kernel, sizes, call.device());
}

template <class Op>
std::optional<at::Tensor> bias_tensor(const Op& op, const Call& call) {
  if (call.has(2)) return call.in(2);
  if (op.bias.empty()) return std::nullopt;
  return tensor_of(op.bias, {op.output_maps}, call.device());
}

// One 0 per spatial axis.
template <class Op>
std::vector<int64_t> zeros(const Op& op) {
  return std::vector<int64_t>(op.kernel_size.size(), 0);
}

}  // namespace torchtrt::engine

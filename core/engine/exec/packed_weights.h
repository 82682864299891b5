// Weights in the layout that a fused operator wants, made once and shared by all programs and contexts of a plan.
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <memory>
#include <string>

namespace torchtrt::engine {

// What `pack` makes of `weights`, which are a plan's constants; kept as long as somebody holds the result. `layout`
// names everything beside the weights that the result depends on. Null where `most` other layouts of the weights are
// kept, for streamed weights, which are to leave the device, and while a CUDA graph is captured.
std::shared_ptr<const at::Tensor> packed_weights(const at::Tensor& weights, const std::string& layout,
                                                 const std::function<at::Tensor()>& pack, int most = 8);

}  // namespace torchtrt::engine

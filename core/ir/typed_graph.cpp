// Facts of constants, and samples.
#include "core/ir/typed_graph.h"

#include <ATen/Functions.h>
#include <torch/csrc/jit/ir/constants.h>

namespace torchtrt::ir {

std::vector<int64_t> Fact::sizes() const {
  std::vector<int64_t> sizes = tensor().sizes().vec();
  for (const c10::IValue& sample : samples)
    for (size_t axis = 0; axis < sizes.size(); ++axis)
      if (sample.toTensor().size(static_cast<int64_t>(axis)) != tensor().size(static_cast<int64_t>(axis)))
        sizes[axis] = -1;
  return sizes;
}

bool Fact::is_static() const {
  for (const c10::IValue& sample : samples)
    if (sample.toTensor().sizes() != tensor().sizes()) return false;
  return true;
}

Fact TypedGraph::fact(const torch::jit::Value* value) const {
  if (const auto found = facts.find(value); found != facts.end()) return found->second;
  if (const auto constant = torch::jit::toIValue(value)) return {{without_data(*constant)}};
  return {};
}

at::Tensor without_data(const at::Tensor& tensor) {
  if (tensor.is_meta()) return tensor;
  if (tensor.dim() == 0) return tensor.is_cpu() ? tensor : tensor.cpu();
  return at::empty_strided(tensor.sizes(), tensor.strides(), tensor.options().device(at::kMeta));
}

c10::IValue without_data(const c10::IValue& value) {
  if (value.isTensor()) return value.toTensor().defined() ? c10::IValue(without_data(value.toTensor())) : value;
  if (!value.isTensorList()) return value;
  c10::List<at::Tensor> list;
  for (const at::Tensor& tensor : value.toTensorVector()) list.push_back(without_data(tensor));
  return list;
}

}  // namespace torchtrt::ir

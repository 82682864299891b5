// Names: what the user calls the tensors that became constants of the graph.
#pragma once

#include <ATen/core/TensorBody.h>

#include <optional>
#include <string>
#include <unordered_map>

namespace torchtrt::ir {

// Keyed by the tensor's identity, which constants keep through every copy of a graph. Holds the tensors, so that no
// identity is used twice.
class Names {
 public:
  void set(const at::Tensor& tensor, std::string name) {
    names_.insert_or_assign(tensor.unsafeGetTensorImpl(), Entry{tensor, std::move(name)});
  }
  std::optional<std::string> find(const at::Tensor& tensor) const {
    const auto entry = names_.find(tensor.unsafeGetTensorImpl());
    if (entry == names_.end()) return std::nullopt;
    return entry->second.name;
  }

 private:
  struct Entry {
    at::Tensor tensor;
    std::string name;
  };
  std::unordered_map<const c10::TensorImpl*, Entry> names_;
};

}  // namespace torchtrt::ir

// NodeInputs: the inputs of a node that runs bodies: what is known of them when it is bound, and their tensors.
#pragma once

#include "core/engine/exec/bound_kernel.h"

namespace torchtrt::engine {

class NodeInputs {
 public:
  explicit NodeInputs(const NodeView& view);
  NodeInputs(const NodeInputs&) = delete;  // args refer to it
  NodeInputs& operator=(const NodeInputs&) = delete;

  ShapeArgs args() const { return {shapes_, values_, types_}; }
  const Shape& shape(size_t i) const { return shapes_[i]; }
  DType type(size_t i) const { return types_[i]; }
  // Null where the value is not known on the host.
  const std::shared_ptr<const HostValue>& host(size_t i) const { return hosts_[i]; }
  // An input that comes as a value is brought to the device once, and waited for: later runs may be on other streams.
  at::Tensor tensor(const Call& call, size_t i);

 private:
  at::Device device_;
  Shapes shapes_;
  std::vector<std::shared_ptr<const HostValue>> hosts_;
  std::vector<const HostValue*> values_;
  Types types_;
  std::vector<at::Tensor> uploads_;
};

}  // namespace torchtrt::engine

// BoundKernel: a kernel with state of its own, made when its node is bound to shapes. Loops and conditionals bind their
// bodies that way once, and then run them without inferring anything again.
#pragma once

#include <memory>
#include <string_view>

#include "core/engine/layers/kernel.h"
#include "core/engine/plan/evaluation.h"

namespace torchtrt::engine {

class BoundKernel {
 public:
  virtual ~BoundKernel() = default;
  virtual void run(Call& call) = 0;
  // Whether a run reads values back from the device, which waits for it and cannot be captured.
  virtual bool waits() const = 0;
};

// A node whose inputs' shapes are known, and the values of its host inputs.
struct NodeView {
  const Graph& graph;
  const Node& node;
  const Evaluation& evaluation;
  at::Device device;
};

using Binder = std::unique_ptr<BoundKernel> (*)(const NodeView& view);
void register_binder(std::string_view kind, Binder binder);
// Null where the kind's kernel has no state.
std::unique_ptr<BoundKernel> bind_kernel(const NodeView& view);

}  // namespace torchtrt::engine

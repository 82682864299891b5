// BoundKernel: a kernel with state of its own, made when its node is bound to shapes. Loops and conditionals bind their
// bodies that way once, and then run them without inferring anything again.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string_view>

#include "core/engine/layers/kernel.h"
#include "core/engine/plan/evaluation.h"

namespace torchtrt::engine {

class BoundKernel {
 public:
  virtual ~BoundKernel() = default;
  virtual void run(Call& call) = 0;
  // What a run may call besides its own work.
  using Accept = std::function<bool(const Layer& layer, std::span<const Shape> out_shapes)>;
  // Whether runs are alike, wait for nothing, and call layers that `accept` takes: they can be recorded. Lengths are
  // known.
  virtual bool is_recordable(const Accept& accept) = 0;
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

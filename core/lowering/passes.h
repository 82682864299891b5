// The passes of lowering. Each is a verb over a graph, and tells in its own file what it rewrites and when that is
// valid.
#pragma once

#include <torch/csrc/jit/ir/ir.h>

#include <functional>
#include <memory>
#include <string_view>
#include <vector>

namespace torchtrt::lowering {

using GraphPtr = std::shared_ptr<torch::jit::Graph>;

void propagate_scalars(GraphPtr& graph);
void remove_mutation(GraphPtr& graph);
void remove_exceptions(GraphPtr& graph);
void remove_no_ops(GraphPtr& graph);
void unify_aliases(GraphPtr& graph);
void normalise_convolutions(GraphPtr& graph);
void fuse_linear(GraphPtr& graph);
void remove_duplicates(GraphPtr& graph);
void remove_dead_code(GraphPtr& graph);

struct Pass {
  std::string_view name;
  void (*run)(GraphPtr&);
};

// All of them, in order.
const std::vector<Pass>& passes();

// Calls `visit` for every node, blocks included; `visit` may destroy the node it is given.
void for_each_node(torch::jit::Block* block, const std::function<void(torch::jit::Node*)>& visit);

}  // namespace torchtrt::lowering

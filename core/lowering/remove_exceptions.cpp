// Drops `if wrong: raise ...`: the shapes of a compile request are checked by running the model's shapes once.
#include <torch/csrc/jit/passes/remove_exceptions.h>

#include "core/lowering/passes.h"

namespace torchtrt::lowering {
namespace {

// An If that yields nothing and whose blocks only build the message and raise.
bool only_raises(torch::jit::Node* node) {
  if (node->kind() != c10::prim::If || !node->outputs().empty()) return false;
  bool raises = false;
  for (torch::jit::Block* block : node->blocks())
    for (torch::jit::Node* inner : block->nodes()) {
      raises |= inner->kind() == c10::prim::RaiseException;
      const bool text = inner->kind() == c10::prim::RaiseException || inner->kind() == c10::aten::format ||
                        inner->kind() == c10::prim::Constant || inner->kind() == c10::aten::warn ||
                        !inner->hasSideEffects();
      if (!text) return false;
    }
  return raises;
}

}  // namespace

void remove_exceptions(GraphPtr& graph) {
  for_each_node(graph->block(), [](torch::jit::Node* node) {
    if (only_raises(node)) node->destroy();
  });
  torch::jit::EliminateExceptions(graph);
}

}  // namespace torchtrt::lowering

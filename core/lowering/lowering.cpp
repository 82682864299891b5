// The order of the passes, and nothing else.
#include "core/lowering/lowering.h"

#include "core/lowering/freeze.h"
#include "core/lowering/passes.h"
#include "core/util/error.h"
#include "core/util/log.h"

namespace torchtrt::lowering {

const std::vector<Pass>& passes() {
  static const std::vector<Pass> list = {
      {"propagate_scalars", propagate_scalars},  // decides `if self.training`
      {"remove_dead_code", remove_dead_code},
      {"remove_exceptions", remove_exceptions},
      {"remove_mutation", remove_mutation},
      {"remove_no_ops", remove_no_ops},
      {"unify_aliases", unify_aliases},
      {"fuse_linear", fuse_linear},
      {"normalise_convolutions", normalise_convolutions},
      {"propagate_scalars", propagate_scalars},
      {"remove_duplicates", remove_duplicates},
      {"remove_dead_code", remove_dead_code},
  };
  return list;
}

void for_each_node(torch::jit::Block* block, const std::function<void(torch::jit::Node*)>& visit) {
  for (auto it = block->nodes().begin(); it != block->nodes().end();) {
    torch::jit::Node* node = *it;
    ++it;  // before `visit`, which may destroy the node
    for (torch::jit::Block* inner : node->blocks()) for_each_node(inner, visit);
    visit(node);
  }
}

Lowered lower(const torch::jit::Module& module, const std::string& method) {
  Frozen frozen = freeze(module, method);
  for (const Pass& pass : passes()) pass.run(frozen.graph);
  check_frozen(frozen.graph);
  if (logs(LogLevel::kGraph)) log(LogLevel::kGraph, join("Lowered graph:\n", *frozen.graph));
  return {frozen.graph, module.get_method(method).function().getSchema(), std::move(frozen.names)};
}

}  // namespace torchtrt::lowering

// Drops nodes whose results nobody reads, so that what is dead (num_batches_tracked) never counts.
#include <torch/csrc/jit/passes/dead_code_elimination.h>

#include "core/lowering/passes.h"

namespace torchtrt::lowering {

void remove_dead_code(GraphPtr& graph) { torch::jit::EliminateDeadCode(graph); }

}  // namespace torchtrt::lowering

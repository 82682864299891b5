// One node for equal computations.
#include <torch/csrc/jit/passes/common_subexpression_elimination.h>

#include "core/lowering/passes.h"

namespace torchtrt::lowering {

void remove_duplicates(GraphPtr& graph) { torch::jit::EliminateCommonSubexpression(graph); }

}  // namespace torchtrt::lowering

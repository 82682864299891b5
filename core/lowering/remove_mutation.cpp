// Turns writes into new values where nobody else can see them: relu_(conv(x)) -> relu(conv(x)), append -> longer list.
#include <torch/csrc/jit/passes/remove_mutation.h>

#include "core/lowering/passes.h"

namespace torchtrt::lowering {

// Valid where the written value was made in the graph and no alias is read afterwards: torch's alias analysis decides.
// What stays in place after this (writes to inputs, buffers, views) runs in PyTorch.
void remove_mutation(GraphPtr& graph) {
  torch::jit::RemoveListMutation(graph);
  torch::jit::RemoveTensorMutation(graph);
}

}  // namespace torchtrt::lowering

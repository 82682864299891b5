// Computes numbers, booleans and strings that follow from constants, and takes the branches that they decide.
#include <torch/csrc/jit/passes/constant_propagation.h>

#include "core/lowering/passes.h"

namespace torchtrt::lowering {

// Tensors are left alone: they are folded later, where their names are kept.
void propagate_scalars(GraphPtr& graph) { torch::jit::ConstantPropagationImmutableTypes(graph); }

}  // namespace torchtrt::lowering

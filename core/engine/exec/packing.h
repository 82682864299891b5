// What packed types mean to a step: their shapes beside their memory's. See Note [Packed tensors].
#pragma once

#include "core/engine/layers/kernel.h"
#include "core/engine/plan/evaluation.h"

namespace torchtrt::engine {

// Types and shapes of a node's inputs; null where neither an input nor an output is packed.
std::shared_ptr<const Operands> operands_of(const Graph& graph, const Node& node, const Evaluation& evaluation);

// Whether the memory has the form of a tensor of `shape`, whose unknown lengths may be any.
bool has_stored_shape(const at::Tensor& memory, DType dtype, const Shape& shape);

}  // namespace torchtrt::engine

// Sampling: runs one node on values without data, so that types and sizes are torch's own.
#pragma once

#include <torch/csrc/jit/ir/ir.h>

#include <vector>

namespace torchtrt::lowering {

// Results of the node for these inputs. Tensors on the meta device in, tensors on the meta device out; operators
// without a meta kernel run on zeros on the CPU. Throws kInvalidArgument with the node's place where torch refuses the
// inputs.
std::vector<c10::IValue> run_node(torch::jit::Node* node, const std::vector<c10::IValue>& inputs);

// Sizes or values of the results depend on the values of tensors: nothing can be said before the run.
bool depends_on_data(torch::jit::Node* node, const std::vector<c10::IValue>& inputs);

// The types and sizes of values, for messages: "(float32[1, 3, 8, 8], 2)".
std::string describe(const std::vector<c10::IValue>& values);

}  // namespace torchtrt::lowering

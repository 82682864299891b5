// Origin: where a node of the graph stands in the user's model, in words for messages and for torch_executed_modules.
#pragma once

#include <torch/csrc/jit/ir/ir.h>

#include <string>
#include <vector>

namespace torchtrt::ir {

// One module on the way from the root to a node.
struct ModuleStep {
  std::string path;  // "layer1.0.conv1"; empty for the root
  std::string type;  // "torch.nn.modules.conv.Conv2d", without __torch__ and mangling
};

// Scopes carry the way: freezing pushes one per inlined module call, and every pass hands them on.
torch::jit::ScopePtr push_module(const torch::jit::ScopePtr& parent, const ModuleStep& step);
// From the root to the module whose forward holds the node.
std::vector<ModuleStep> modules_of(const torch::jit::Node& node);

// Name of a TorchScript class in the words of Python.
std::string python_name(const c10::ClassType& type);

// "'layer1.0.conv1' (Conv2d), model.py:41", or "model.py:41" in the root, or "the graph" where nothing is known.
std::string where(const torch::jit::Node& node);

// "aten::add.Tensor"; node kinds without a schema give their kind.
std::string operator_name(const torch::jit::Node& node);

}  // namespace torchtrt::ir

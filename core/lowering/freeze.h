// Freezing: a method of a module becomes one graph whose parameters, buffers and attributes are constants with names.
#pragma once

#include <torch/csrc/jit/api/module.h>

#include <memory>
#include <string>

#include "core/ir/names.h"

namespace torchtrt::lowering {

struct Frozen {
  std::shared_ptr<torch::jit::Graph> graph;  // input 0 is still `self`; nothing reads it but writes of attributes
  ir::Names names;
};

// Works on a copy: the module and its graphs stay as they are. Every call of a submodule or function is inlined, and
// each node knows its module (origin.h).
Frozen freeze(const torch::jit::Module& module, const std::string& method);

// Refuses what freezing would freeze wrongly, then drops `self`. Run after constants have been propagated.
//   c1  no BatchNorm updates its statistics (training mode)
//   c2  no dropout is active
//   c3  no attribute is assigned
void check_frozen(const std::shared_ptr<torch::jit::Graph>& graph);

}  // namespace torchtrt::lowering

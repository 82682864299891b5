// Lowering: a method of a TorchScript module as a clean graph with named constants.
#pragma once

#include <torch/csrc/jit/api/module.h>

#include <memory>
#include <string>

#include "core/ir/names.h"

namespace torchtrt::lowering {

struct Lowered {
  std::shared_ptr<torch::jit::Graph> graph;  // inputs are the arguments of the method, without `self`
  c10::FunctionSchema schema;                // of the method, with `self`
  ir::Names names;
};

Lowered lower(const torch::jit::Module& module, const std::string& method = "forward");

}  // namespace torchtrt::lowering

// Small TorchScript modules for the tests of lowering.
#pragma once

#include <ATen/Functions.h>
#include <torch/csrc/jit/api/module.h>

#include <string>

#include "core/lowering/specialize.h"

namespace torchtrt::test {

inline torch::jit::Module module_of(const std::string& source) {
  torch::jit::Module module("m");
  module.define(source);
  return module;
}

inline ir::Input input_of(ir::Sizes shape, DType dtype = DType::kFloat32) {
  ir::Input input = ir::make_static(std::move(shape));
  input.dtype = dtype;
  input.dtype_declared = true;
  return input;
}

inline ir::TypedGraph typed(const torch::jit::Module& module, std::vector<ir::Input> inputs) {
  lowering::Request request;
  request.inputs = std::move(inputs);
  return lowering::specialize(lowering::lower(module), request);
}

inline size_t count(const std::shared_ptr<torch::jit::Graph>& graph, const std::string& kind) {
  size_t found = 0;
  for (const auto* node : graph->nodes()) found += kind == node->kind().toQualString();
  return found;
}

}  // namespace torchtrt::test

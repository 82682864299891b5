// Small TorchScript modules for the tests of lowering.
#pragma once

#include <ATen/Functions.h>
#include <torch/csrc/jit/api/module.h>

#include <string>

#include "core/lowering/specialize.h"

namespace torchtrt::test {

// The parser wants a line end behind the last statement.
inline void define(torch::jit::Module& module, const std::string& source) { module.define(source + "\n"); }

inline torch::jit::Module module_of(const std::string& source) {
  torch::jit::Module module("m");
  define(module, source);
  return module;
}

inline ir::Input input_of(ir::Sizes shape, DType dtype = DType::kFloat32) {
  ir::Input input = ir::make_static(std::move(shape));
  input.dtype = dtype;
  input.dtype_declared = true;
  return input;
}

inline at::Tensor longs(const std::vector<int64_t>& values) {
  return at::tensor(values, at::TensorOptions().dtype(at::kLong));
}

inline at::Tensor doubles(const std::vector<double>& values) {
  return at::tensor(values, at::TensorOptions().dtype(at::kDouble));
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

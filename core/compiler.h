// The TorchScript compiler: phases in order, from a module to an engine or to a module that runs engines.
#pragma once

#include <torch/csrc/jit/api/module.h>

#include <string>
#include <vector>

#include "core/conversion/convert.h"
#include "core/ir/dtype_report.h"
#include "core/ir/spec.h"

namespace torchtrt {

struct CompileRequest {
  ir::CompileSpec spec;
  std::vector<size_t> list_lengths;  // elements of each list argument, where an input signature tells
};

struct EngineResult {
  conversion::SerializedEngine engine;
  ir::DtypeReport report;
};

struct ModuleResult {
  torch::jit::Module module;
  ir::DtypeReport report;
  std::vector<std::string> fallbacks;  // one line per operator that runs in PyTorch: what, where, why
};

// One method as one engine. Throws kUnsupported where an operator cannot be part of it.
EngineResult convert_method(const torch::jit::Module& module, const std::string& method, const CompileRequest& request);

// A module with the same forward whose convertible parts run as engines.
ModuleResult compile(const torch::jit::Module& module, const CompileRequest& request);

// Whether every operator of the method has a converter; logs those that have none.
bool check_method_operator_support(const torch::jit::Module& module, const std::string& method);

// A module that runs a serialised engine; empty names: the engine's own, in its order.
torch::jit::Module embed_engine(const std::string& plan, const std::vector<std::string>& input_names,
                                const std::vector<std::string>& output_names, const ir::Device& device);

}  // namespace torchtrt

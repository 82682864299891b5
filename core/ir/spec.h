// CompileSpec: a whole compile request of the TorchScript front, in the words and defaults of the public interface.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "core/ir/device.h"
#include "core/ir/input.h"

namespace torchtrt::ir {

enum class EngineCapability : int8_t { kStandard, kSafety, kDlaStandalone };

struct CompileSpec {
  std::vector<Input> inputs;  // flat, in the order of the graph's tensors
  Device device;
  std::set<DType> enabled_precisions = {DType::kFloat32};  // int8 means: the graph has quantize/dequantize pairs
  EngineCapability capability = EngineCapability::kStandard;

  bool disable_tf32 = false;
  bool sparse_weights = false;
  bool refit = false;
  bool debug = false;
  bool truncate_long_and_double = false;  // permission to narrow what is not proved to fit
  bool allow_shape_tensors = false;

  int64_t num_avg_timing_iters = 1;
  int64_t workspace_size = 0;  // bytes; 0: the engine decides
  int64_t dla_sram_size = 1048576;
  int64_t dla_local_dram_size = 1073741824;
  int64_t dla_global_dram_size = 536870912;

  bool require_full_compilation = false;
  int64_t min_block_size = 3;
  std::vector<std::string> torch_executed_ops;
  std::vector<std::string> torch_executed_modules;
};

}  // namespace torchtrt::ir

// Stitching: a new module whose forward runs the parts in order and takes and gives what the user's forward does.
#pragma once

#include <torch/csrc/jit/api/module.h>

#include <string>
#include <vector>

#include "core/ir/typed_graph.h"
#include "core/partitioning/partition.h"

namespace torchtrt::partitioning {

// The engine of a part as an object of torch.classes.tensorrt.Engine, in the order of the partition's engine parts.
struct EngineObject {
  c10::IValue object;
  c10::TypePtr type;
  std::vector<at::ScalarType> input_dtypes;  // of the bindings: values of another type are cast on the way
};

torch::jit::Module stitch(const std::string& name, const ir::TypedGraph& graph, const Partition& partition,
                          const std::vector<EngineObject>& engines);

// A module around one engine: forward(input_0, ...) -> Tensor or tuple of tensors.
torch::jit::Module wrap(const std::string& name, const EngineObject& engine, size_t inputs, size_t outputs);

}  // namespace torchtrt::partitioning

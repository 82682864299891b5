// Partitioning: which nodes of a typed graph become engines, and in which order the parts run.
#pragma once

#include <functional>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/ir/typed_graph.h"

namespace torchtrt::partitioning {

struct Request {
  std::vector<std::string> torch_ops;      // "aten::relu", with or without overload
  std::vector<std::string> torch_modules;  // class names or paths; everything inside runs in PyTorch
  int64_t min_block_size = 3;
  // Why a node cannot be converted; empty where it can.
  std::function<std::string(const torch::jit::Node&)> reason_against;
  // Numbers, sizes and lists of them: they belong to whoever needs them.
  std::function<bool(const torch::jit::Node&)> is_glue;
};

// Nodes that run together; parts run in order.
struct Part {
  bool in_engine = false;
  std::vector<const torch::jit::Node*> nodes;     // without glue, in program order
  std::vector<const torch::jit::Value*> inputs;   // tensors made elsewhere
  std::vector<const torch::jit::Value*> outputs;  // tensors that others read
};

struct Partition {
  std::vector<Part> parts;
  // Of every node that runs in PyTorch: why.
  std::unordered_map<const torch::jit::Node*, std::string> reasons;

  bool is_one_engine() const { return parts.size() == 1 && parts[0].in_engine; }
};

Partition partition(const ir::TypedGraph& graph, const Request& request);

}  // namespace torchtrt::partitioning

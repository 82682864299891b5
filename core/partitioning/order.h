// Order: what a node has to wait for: the makers of its inputs, and writes to memory that it shares.
#pragma once

#include <functional>
#include <set>
#include <unordered_map>
#include <vector>

#include "core/ir/typed_graph.h"

namespace torchtrt::partitioning {

using IsGlue = std::function<bool(const torch::jit::Node&)>;

class Order {
 public:
  Order(const ir::TypedGraph& graph, IsGlue is_glue);

  // Nodes that are no glue, in program order.
  const std::vector<const torch::jit::Node*>& nodes() const { return nodes_; }
  // Nodes that have to run before.
  const std::set<const torch::jit::Node*>& before(const torch::jit::Node* node) const { return before_.at(node); }
  // Tensors (inputs of the graph or results of nodes) that the node reads, through glue.
  const std::vector<const torch::jit::Value*>& reads(const torch::jit::Node* node) const { return reads_.at(node); }
  // Tensors that lie behind a value.
  std::vector<const torch::jit::Value*> sources(const torch::jit::Value* value) const;
  // The node that makes a tensor; null for inputs of the graph.
  const torch::jit::Node* maker(const torch::jit::Value* value) const;
  // Shares memory with something that is written in place: has to stay in PyTorch.
  bool shares_written_memory(const torch::jit::Node* node) const { return sharing_.count(node) > 0; }

 private:
  void collect(const torch::jit::Value* value, std::set<const torch::jit::Value*>& seen,
               std::vector<const torch::jit::Value*>& found) const;
  void order_writes(const ir::TypedGraph& graph);

  IsGlue is_glue_;
  std::vector<const torch::jit::Node*> nodes_;
  std::unordered_map<const torch::jit::Node*, std::set<const torch::jit::Node*>> before_;
  std::unordered_map<const torch::jit::Node*, std::vector<const torch::jit::Value*>> reads_;
  std::set<const torch::jit::Node*> sharing_;
};

}  // namespace torchtrt::partitioning

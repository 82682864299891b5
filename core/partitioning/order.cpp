// Dependencies through values, lists of values, blocks and written memory.
#include "core/partitioning/order.h"

#include <torch/csrc/jit/ir/alias_analysis.h>

namespace torchtrt::partitioning {
namespace {

using torch::jit::Node;
using torch::jit::Value;

// Values of the outer graph that the blocks of a node read.
void captured(const Node* node, std::vector<const Value*>& found) {
  for (const auto* block : node->blocks()) {
    const auto outer = [&](const Value* value) {
      for (const auto* owner = value->node()->owningBlock(); owner;
           owner = owner->owningNode() ? owner->owningNode()->owningBlock() : nullptr)
        if (owner == block) return false;
      return true;
    };
    for (const Node* inner : block->nodes()) {
      for (const Value* input : inner->inputs())
        if (outer(input)) found.push_back(input);
      captured(inner, found);
    }
    for (const Value* output : block->outputs())
      if (outer(output)) found.push_back(output);
  }
}

std::vector<const Value*> inputs_of(const Node* node) {
  std::vector<const Value*> inputs(node->inputs().begin(), node->inputs().end());
  captured(node, inputs);
  return inputs;
}

}  // namespace

Order::Order(const ir::TypedGraph& graph, IsGlue is_glue) : is_glue_(std::move(is_glue)) {
  for (const Node* node : graph.graph->nodes()) {
    if (is_glue_(*node)) continue;
    nodes_.push_back(node);
    auto& before = before_[node];
    std::set<const Value*> seen;
    for (const Value* input : inputs_of(node)) collect(input, seen, reads_[node]);
    for (const Value* read : reads_[node])
      if (const Node* made = maker(read)) before.insert(made);
  }
  order_writes(graph);
}

const Node* Order::maker(const Value* value) const {
  const Node* node = value->node();
  if (node->kind() == c10::prim::ListUnpack) return maker(node->input());
  return node->kind() == c10::prim::Param || node->kind() == c10::prim::Constant ? nullptr : node;
}

std::vector<const Value*> Order::sources(const Value* value) const {
  std::set<const Value*> seen;
  std::vector<const Value*> found;
  collect(value, seen, found);
  return found;
}

void Order::collect(const Value* value, std::set<const Value*>& seen, std::vector<const Value*>& found) const {
  if (!seen.insert(value).second) return;
  const Node* node = value->node();
  if (node->kind() == c10::prim::Constant) return;
  const bool unpacked = node->kind() == c10::prim::ListUnpack && !is_glue_(*node->input()->node());
  if (node->kind() == c10::prim::Param || unpacked || !is_glue_(*node)) {
    found.push_back(value);
    return;
  }
  for (const Value* input : node->inputs()) collect(input, seen, found);
}

void Order::order_writes(const ir::TypedGraph& graph) {
  std::vector<const Node*> writers;
  for (const Node* node : nodes_)
    if (const auto* schema = node->maybeSchema(); schema && schema->is_mutable()) writers.push_back(node);
  if (writers.empty()) return;
  const torch::jit::AliasDb aliases(graph.graph);
  for (const Node* writer : writers) {
    const Value* written = writer->input(0);
    bool earlier = true;
    for (const Node* node : nodes_) {
      if (node == writer) {
        earlier = false;
        sharing_.insert(node);
        continue;
      }
      bool reads = false, makes = false;
      for (const Value* read : reads_.at(node))
        reads |= aliases.mayContainAlias(const_cast<Value*>(read), const_cast<Value*>(written));
      for (const Value* made : node->outputs())
        makes |= aliases.mayContainAlias(const_cast<Value*>(made), const_cast<Value*>(written));
      if (makes) sharing_.insert(node);
      if (!reads && !makes) continue;
      (earlier ? before_[writer] : before_[node]).insert(earlier ? node : writer);
    }
  }
}

}  // namespace torchtrt::partitioning

// Levels: every change between PyTorch and an engine costs one, so that what can run together does.
#include "core/partitioning/partition.h"

#include <algorithm>
#include <map>

#include "core/ir/origin.h"
#include "core/partitioning/order.h"
#include "core/util/error.h"

namespace torchtrt::partitioning {
namespace {

using torch::jit::Node;
using torch::jit::Value;

bool names_operator(const std::string& name, const Node& node) {
  return name == ir::operator_name(node) || name == node.kind().toQualString();
}

// The class of a module ("torch.nn.modules.conv.Conv2d" or "Conv2d"), or its path ("layer1.0").
bool names_module(const std::string& name, const ir::ModuleStep& step) {
  const std::string short_type = step.type.substr(step.type.rfind('.') + 1);
  return name == step.type || name == short_type || (!step.path.empty() && name == step.path);
}

std::string user_reason(const Request& request, const Node& node) {
  for (const std::string& op : request.torch_ops)
    if (names_operator(op, node)) return "named in torch_executed_ops";
  for (const std::string& module : request.torch_modules)
    for (const ir::ModuleStep& step : ir::modules_of(node))
      if (names_module(module, step)) return join("inside '", module, "' of torch_executed_modules");
  return "";
}

class Partitioner {
 public:
  Partitioner(const ir::TypedGraph& graph, const Request& request)
      : graph_(graph), request_(request), order_(graph, request.is_glue) {}

  Partition run() {
    for (const Node* node : order_.nodes()) {
      std::string reason = user_reason(request_, *node);
      if (reason.empty() && order_.shares_written_memory(node)) reason = "it shares memory that is written in place";
      if (reason.empty()) reason = request_.reason_against(*node);
      if (!reason.empty()) result_.reasons[node] = reason;
    }
    do result_.parts = parts();
    while (drop_small());
    for (Part& part : result_.parts) find_borders(part);
    return std::move(result_);
  }

 private:
  bool in_engine(const Node* node) const { return !result_.reasons.count(node); }

  // Even levels run in PyTorch, odd ones in engines. Nodes of one level are one part.
  std::vector<Part> parts() {
    std::map<int64_t, Part> levels;
    level_.clear();
    for (const Node* node : order_.nodes()) {
      int64_t level = in_engine(node) ? 1 : 0;
      for (const Node* before : order_.before(node))
        level = std::max(level, level_.at(before) + (in_engine(before) != in_engine(node) ? 1 : 0));
      level_[node] = level;
      levels[level].in_engine = in_engine(node);
      levels[level].nodes.push_back(node);
    }
    std::vector<Part> parts;
    for (auto& [level, part] : levels) parts.push_back(std::move(part));
    return parts;
  }

  bool drop_small() {
    bool dropped = false;
    for (const Part& part : result_.parts) {
      if (!part.in_engine || static_cast<int64_t>(part.nodes.size()) >= request_.min_block_size) continue;
      for (const Node* node : part.nodes)
        result_.reasons[node] =
            join("a block of ", part.nodes.size(), " operators is below min_block_size=", request_.min_block_size);
      dropped = true;
    }
    return dropped;
  }

  void find_borders(Part& part) {
    const std::set<const Node*> inside(part.nodes.begin(), part.nodes.end());
    std::set<const Value*> seen;
    for (const Node* node : part.nodes)
      for (const Value* read : order_.reads(node))
        if (!inside.count(order_.maker(read)) && seen.insert(read).second) part.inputs.push_back(read);
    const auto add_output = [&](const Value* value) {
      if (inside.count(order_.maker(value)) && seen.insert(value).second) part.outputs.push_back(value);
    };
    for (const Node* node : order_.nodes())
      if (!inside.count(node))
        for (const Value* read : order_.reads(node)) add_output(read);
    for (const Value* output : graph_.graph->outputs())
      for (const Value* source : order_.sources(output)) add_output(source);
  }

  const ir::TypedGraph& graph_;
  const Request& request_;
  Order order_;
  Partition result_;
  std::unordered_map<const Node*, int64_t> level_;
};

}  // namespace

Partition partition(const ir::TypedGraph& graph, const Request& request) { return Partitioner(graph, request).run(); }

}  // namespace torchtrt::partitioning

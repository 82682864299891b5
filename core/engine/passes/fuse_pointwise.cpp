// g(f(x, y), z)  ->  Pointwise(x, y, z)
//
// Chains and trees of layers that work element by element become one layer, so that what is between them never goes to
// memory. Constants of one element go with them. Valid for floating types, int32, int64 and bool, and for intermediate
// tensors of the result's shape that nothing else uses. What shapes depend on stays: the host computes that.
#include <algorithm>
#include <set>

#include "core/engine/passes/list.h"
#include "core/engine/passes/rewrite.h"
#include "core/engine/plan/placement.h"
#include "core/engine/plan/pointwise.h"

namespace torchtrt::engine {
namespace {

constexpr size_t kMostLayers = 64;
constexpr size_t kMostInputs = 16;

class Fusion {
 public:
  explicit Fusion(Graph& graph)
      : graph_(graph), order_(graph.order()), needs_(find_needs(graph, order_)), taken_(graph.nodes().size(), 0) {
    users_.resize(static_cast<size_t>(graph.value_count()));
    for (const NodeId id : order_)
      for (const ValueId input : graph.node(id).inputs)
        if (input != kNoId) users_[static_cast<size_t>(input)].push_back(id);
  }

  bool run() {
    bool changed = false;
    for (auto id = order_.rbegin(); id != order_.rend(); ++id) {
      if (taken_[static_cast<size_t>(*id)] || !is_part(*id)) continue;
      const std::set<NodeId> parts = grow(*id);
      if (parts.size() < 2) continue;
      for (const NodeId part : parts) taken_[static_cast<size_t>(part)] = 1;
      replace(*id, parts);
      changed = true;
    }
    return changed;
  }

 private:
  // What the host knows, or has to know, is not computed on the device.
  bool is_for_host(ValueId id) const {
    const Value& value = graph_.value(id);
    const auto is_known = [](const HostScalar& element) { return element.known; };
    return needs_.host[static_cast<size_t>(id)] ||
           (value.host && std::any_of(value.host->elements.begin(), value.host->elements.end(), is_known));
  }

  bool is_part(NodeId id) const {
    const Node& node = graph_.node(id);
    if (!node.layer || !is_pointwise(*node.layer) || node.outputs.size() != 1 || is_for_host(node.outputs[0]))
      return false;
    const auto is_fit = [&](ValueId value) { return value != kNoId && is_pointwise(graph_.stale_value(value).dtype); };
    return is_fit(node.outputs[0]) && graph_.value(node.outputs[0]).shape.is_valid() &&
           std::all_of(node.inputs.begin(), node.inputs.end(), is_fit);
  }

  bool is_scalar_constant(ValueId value) const {
    const NodeId producer = graph_.stale_value(value).producer;
    return producer != kNoId && is_scalar(*graph_.node(producer).layer);
  }

  std::vector<ValueId> outside_inputs(const std::set<NodeId>& parts) const {
    std::vector<ValueId> inputs;
    for (const NodeId part : parts)
      for (const ValueId input : graph_.node(part).inputs)
        if (!parts.contains(graph_.stale_value(input).producer) && !is_scalar_constant(input) &&
            std::find(inputs.begin(), inputs.end(), input) == inputs.end())
          inputs.push_back(input);
    return inputs;
  }

  // The layers that can vanish into `root`, and itself. All that uses them is among them, so no cycle can arise.
  std::set<NodeId> grow(NodeId root) const {
    const Shape& shape = graph_.value(graph_.node(root).outputs[0]).shape;
    std::set<NodeId> parts{root};
    for (bool grown = true; grown && parts.size() < kMostLayers;) {
      grown = false;
      for (const ValueId input : outside_inputs(parts)) {
        const NodeId producer = graph_.stale_value(input).producer;
        if (producer == kNoId || taken_[static_cast<size_t>(producer)] || !is_part(producer)) continue;
        if (is_marked(graph_, input) || graph_.value(input).shape != shape) continue;
        const std::vector<NodeId>& users = users_[static_cast<size_t>(input)];
        if (!std::all_of(users.begin(), users.end(), [&](NodeId user) { return parts.contains(user); })) continue;
        std::set<NodeId> more = parts;
        more.insert(producer);
        if (outside_inputs(more).size() > kMostInputs || more.size() > kMostLayers) continue;
        parts = std::move(more);
        grown = true;
      }
    }
    return parts;
  }

  void replace(NodeId root, const std::set<NodeId>& parts) {
    const std::vector<ValueId> inputs = outside_inputs(parts);
    const ValueId result = graph_.node(root).outputs[0];
    const Pointwise fused{body_of(root, parts, inputs)};
    take_over(graph_, result, graph_.node(graph_.add(fused, inputs)).outputs[0]);
  }

  GraphRef body_of(NodeId root, const std::set<NodeId>& parts, const std::vector<ValueId>& inputs) const {
    auto body = std::make_shared<Graph>(graph_.strongly_typed());
    body->rename(graph_.node(root).name);
    std::vector<ValueId> places(static_cast<size_t>(graph_.value_count()), kNoId);
    std::set<std::string> names;
    for (const ValueId input : inputs) {
      const Value& value = graph_.value(input);
      std::string name = value.name;
      for (int i = 2; !names.insert(name).second; ++i) name = join(value.name, " #", i);
      places[static_cast<size_t>(input)] = body->add_input(name, value.dtype, value.shape);
    }
    for (const NodeId id : order_)
      if (parts.contains(id)) copy(id, *body, places);
    body->mark_output(places[static_cast<size_t>(graph_.node(root).outputs[0])]);
    body->first_shape_error();  // brings it up to date: threads share it from now on
    return body;
  }

  void copy(NodeId id, Graph& body, std::vector<ValueId>& places) const {
    const Node& node = graph_.node(id);
    std::vector<ValueId> inputs;
    for (const ValueId input : node.inputs) {
      if (places[static_cast<size_t>(input)] == kNoId) copy(graph_.stale_value(input).producer, body, places);
      inputs.push_back(places[static_cast<size_t>(input)]);
    }
    const NodeId added = body.add_node(node.layer->clone(), std::move(inputs));
    body.set_name(added, node.name);
    body.mutable_node(added).metadata = node.metadata;
    const ValueId output = body.node(added).outputs[0];
    body.set_value_name(output, graph_.stale_value(node.outputs[0]).name);
    places[static_cast<size_t>(node.outputs[0])] = output;
  }

  Graph& graph_;
  std::vector<NodeId> order_;
  Needs needs_;
  std::vector<char> taken_;
  std::vector<std::vector<NodeId>> users_;  // by ValueId, as they were
};

}  // namespace

bool fuse_pointwise(Graph& graph) { return Fusion(graph).run(); }

}  // namespace torchtrt::engine

// g(f(x, y), z)  ->  Pointwise(x, y, z)
//
// Chains and trees of layers that work element by element become one layer, so that what is between them never goes to
// memory. Constants of one element go with them. Valid for floating types, int32, int64 and bool, and for intermediate
// tensors of the result's shape. One that others use too becomes a result of its own; that takes known lengths, and
// that nothing between it and those others leads back into the chain. What shapes depend on stays: the host computes
// that. A large sum, or the like, whose operands broadcast is such a layer alone.
#include <algorithm>
#include <set>
#include <utility>

#include "core/engine/passes/list.h"
#include "core/engine/passes/rewrite.h"
#include "core/engine/plan/placement.h"
#include "core/engine/plan/pointwise.h"

namespace torchtrt::engine {
namespace {

constexpr size_t kMostLayers = 64;
constexpr size_t kMostInputs = 16;
constexpr size_t kMostResults = 4;
constexpr int64_t kLarge = 1 << 16;  // elements

using Parts = std::set<NodeId>;

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
      if (!is_free(*id) || !is_part(*id)) continue;
      const Parts parts = grow(*id);
      if (parts.size() < 2 && !is_large_broadcast(*id)) continue;
      chains_.push_back(parts);
      for (const NodeId part : parts) taken_[static_cast<size_t>(part)] = static_cast<int>(chains_.size());
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

  // Of the layers that there were, and in no chain.
  bool is_free(NodeId id) const {
    return id != kNoId && static_cast<size_t>(id) < taken_.size() && !taken_[static_cast<size_t>(id)];
  }

  bool is_part(NodeId id) const {
    const Node& node = graph_.node(id);
    if (!node.layer || !is_pointwise(*node.layer) || node.outputs.size() != 1 || is_for_host(node.outputs[0]))
      return false;
    const auto is_fit = [&](ValueId value) { return value != kNoId && is_pointwise(graph_.stale_value(value).dtype); };
    return is_fit(node.outputs[0]) && graph_.value(node.outputs[0]).shape.is_valid() &&
           std::all_of(node.inputs.begin(), node.inputs.end(), is_fit);
  }

  // A layer alone whose operands broadcast: what PyTorch does element by element, our kernels do in packs.
  bool is_large_broadcast(NodeId id) const {
    const Shape& shape = graph_.value(graph_.node(id).outputs[0]).shape;
    if (!shape.is_known() || shape.volume() < kLarge) return false;
    const std::vector<ValueId>& inputs = graph_.node(id).inputs;
    return std::any_of(inputs.begin(), inputs.end(), [&](ValueId input) {
      return graph_.value(input).shape != shape && graph_.value(input).shape.volume() != 1;
    });
  }

  bool is_scalar_constant(ValueId value) const {
    const NodeId producer = graph_.stale_value(value).producer;
    return producer != kNoId && is_scalar(*graph_.node(producer).layer);
  }

  std::vector<ValueId> outside_inputs(const Parts& parts) const {
    std::vector<ValueId> inputs;
    for (const NodeId part : parts)
      for (const ValueId input : graph_.node(part).inputs)
        if (!parts.contains(graph_.stale_value(input).producer) && !is_scalar_constant(input) &&
            std::find(inputs.begin(), inputs.end(), input) == inputs.end())
          inputs.push_back(input);
    return inputs;
  }

  // Those that something outside uses, the root's first.
  std::vector<ValueId> results(NodeId root, const Parts& parts) const {
    std::vector<ValueId> found{graph_.node(root).outputs[0]};
    for (const NodeId part : parts) {
      const ValueId value = graph_.node(part).outputs[0];
      const std::vector<NodeId>& users = users_[static_cast<size_t>(value)];
      const bool outside = graph_.is_output(value) ||
                           std::any_of(users.begin(), users.end(), [&](NodeId user) { return !parts.contains(user); });
      if (part != root && outside) found.push_back(value);
    }
    return found;
  }

  // Whether something outside depends on the parts and they on it. Chains made before count as one layer each.
  bool closes_cycle(const Parts& parts) const {
    std::vector<char> seen(taken_.size(), 0);
    std::vector<NodeId> next;
    bool found = false;
    const auto reach_users = [&](NodeId id) {
      const bool inside = parts.contains(id);
      for (const ValueId output : graph_.node(id).outputs)
        for (const NodeId user : users_[static_cast<size_t>(output)]) {
          if (parts.contains(user)) {
            found = found || !inside;
          } else if (!std::exchange(seen[static_cast<size_t>(user)], 1)) {
            next.push_back(user);
          }
        }
    };
    for (const NodeId part : parts) reach_users(part);
    while (!next.empty() && !found) {
      const NodeId id = next.back();
      next.pop_back();
      reach_users(id);
      if (const int chain = taken_[static_cast<size_t>(id)])
        for (const NodeId other : chains_[static_cast<size_t>(chain) - 1]) reach_users(other);
    }
    return found;
  }

  bool is_chain(NodeId root, const Parts& parts) const {
    if (parts.size() > kMostLayers || outside_inputs(parts).size() > kMostInputs) return false;
    const std::vector<ValueId> found = results(root, parts);
    if (found.size() > kMostResults || (found.size() > 1 && !graph_.value(found[0]).shape.is_known())) return false;
    return (found.size() == 1 && !several_) || !closes_cycle(parts);
  }

  // The layers that become one with `root`.
  Parts grow(NodeId root) const {
    const Shape& shape = graph_.value(graph_.node(root).outputs[0]).shape;
    Parts parts{root};
    for (bool grown = true; grown;) {
      grown = false;
      for (const ValueId input : outside_inputs(parts)) {
        const NodeId producer = graph_.stale_value(input).producer;
        if (!is_free(producer) || !is_part(producer)) continue;
        if (graph_.is_debug(input) || graph_.value(input).shape != shape) continue;
        Parts more = parts;
        more.insert(producer);
        if (!is_chain(root, more)) continue;
        parts = std::move(more);
        grown = true;
      }
    }
    return parts;
  }

  void replace(NodeId root, const Parts& parts) {
    const std::vector<ValueId> inputs = outside_inputs(parts), old = results(root, parts);
    several_ = several_ || old.size() > 1;
    const NodeId fused = graph_.add(Pointwise{body_of(root, parts, inputs, old)}, inputs);
    for (size_t i = old.size(); i-- > 0;) {
      const ValueId fresh = graph_.node(fused).outputs[i];
      take_over(graph_, old[i], fresh);  // the root last: the name is its
    }
  }

  GraphRef body_of(NodeId root, const Parts& parts, const std::vector<ValueId>& inputs,
                   const std::vector<ValueId>& results) const {
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
    for (const ValueId result : results) body->mark_output(places[static_cast<size_t>(result)]);
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
  std::vector<int> taken_;  // by NodeId: the number of its chain, from 1
  std::vector<Parts> chains_;
  bool several_ = false;                    // a chain has several results: before, no cycle can arise without one
  std::vector<std::vector<NodeId>> users_;  // by ValueId, as they were
};

}  // namespace

bool fuse_pointwise(Graph& graph) { return Fusion(graph).run(); }

}  // namespace torchtrt::engine

// Graph: order, users, and the shapes and host values of tensors, inferred when somebody asks.
#include <algorithm>
#include <utility>

#include "core/engine/graph/graph.h"

namespace torchtrt::engine {
namespace {

// What one node's shape rule sees, gathered from the graph; late inputs count as absent.
struct RuleInputs {
  Shapes shapes;
  std::vector<const HostValue*> values;
  Types types;
  bool broken = false;  // some input's shape is invalid

  ShapeArgs args() const { return {shapes, values, types}; }
};

RuleInputs gather(const Node& node, const std::vector<Value>& values) {
  RuleInputs in;
  for (size_t i = 0; i < node.inputs.size(); ++i) {
    const ValueId id = node.inputs[i];
    if (id == kNoId || names_input(node.layer->late_inputs(), i)) {
      in.shapes.push_back(Shape::invalid());
      in.values.push_back(nullptr);
      in.types.push_back(DType::kNone);
      continue;
    }
    const Value& value = values[id];
    in.shapes.push_back(value.shape);
    in.values.push_back(value.host ? &*value.host : nullptr);
    in.types.push_back(value.dtype);
    in.broken = in.broken || !value.shape.is_valid();
  }
  return in;
}

bool small_enough(const Shapes& shapes) {
  return std::all_of(shapes.begin(), shapes.end(),
                     [](const Shape& shape) { return shape.is_known() && shape.volume() <= kMaxHostElements; });
}

}  // namespace

void Graph::touch(NodeId id) {
  for (const ValueId input : nodes_.at(id).inputs)
    refers_forward_ = refers_forward_ || (input != kNoId && values_[input].producer >= id);
  mark_stale(id);
}

void Graph::mark_stale(NodeId id) const {
  stale_[id] = 1;
  first_stale_ = std::min(first_stale_, id);
}

void Graph::mark_users_stale(ValueId value) const {
  for (const NodeId user : users(value)) mark_stale(user);
}

std::vector<NodeId> Graph::users(ValueId value) const {
  std::vector<NodeId> result;
  for (NodeId id = 0; id < static_cast<NodeId>(nodes_.size()); ++id)
    if (std::find(nodes_[id].inputs.begin(), nodes_[id].inputs.end(), value) != nodes_[id].inputs.end())
      result.push_back(id);
  return result;
}

// Whether `to` is `from`, or depends on it.
bool Graph::reaches(NodeId from, NodeId to) const {
  if (from == to) return true;
  if (!refers_forward_ && to < from) return false;
  std::vector<char> seen(nodes_.size(), 0);
  std::vector<NodeId> todo{to};
  while (!todo.empty()) {
    const NodeId id = todo.back();
    todo.pop_back();
    if (id == from) return true;
    if (std::exchange(seen[id], 1)) continue;
    for (size_t i = 0; i < nodes_[id].inputs.size(); ++i) {
      const ValueId input = nodes_[id].inputs[i];
      if (names_input(nodes_[id].layer->late_inputs(), i) || input == kNoId) continue;
      if (values_[input].producer != kNoId) todo.push_back(values_[input].producer);
    }
  }
  return false;
}

// Depth first in the order of addition, so that the result is that order wherever it is a topological one.
std::vector<NodeId> Graph::order() const {
  std::vector<NodeId> result;
  result.reserve(nodes_.size());
  enum : char { kNew, kOpen, kDone };
  std::vector<char> state(nodes_.size(), kNew);
  std::vector<std::pair<NodeId, size_t>> path;  // node, next input to look at
  for (NodeId root = 0; root < static_cast<NodeId>(nodes_.size()); ++root) {
    if (!nodes_[root].layer || state[root] == kDone) continue;
    path.emplace_back(root, 0);
    state[root] = kOpen;
    while (!path.empty()) {
      auto& [id, next] = path.back();
      if (next == nodes_[id].inputs.size()) {
        state[id] = kDone;
        result.push_back(id);
        path.pop_back();
        continue;
      }
      const bool late = names_input(nodes_[id].layer->late_inputs(), next);
      const ValueId input = nodes_[id].inputs[next++];
      const NodeId producer = late || input == kNoId ? kNoId : values_[input].producer;
      if (producer == kNoId || state[producer] == kDone) continue;
      TORCHTRT_CHECK(state[producer] != kOpen, "layer \"", nodes_[producer].name, "\" depends on its own output");
      state[producer] = kOpen;
      path.emplace_back(producer, 0);
    }
  }
  return result;
}

const Value& Graph::value(ValueId id) const {
  require_value(id);
  refresh();
  return values_[id];
}

std::optional<std::string> Graph::shape_error(NodeId node) const {
  refresh();
  return shape_errors_.at(node);
}

std::optional<std::string> Graph::first_shape_error() const {
  refresh();
  for (const auto& error : shape_errors_)
    if (error) return error;
  return std::nullopt;
}

void Graph::refresh() const {
  const auto count = static_cast<NodeId>(nodes_.size());
  if (first_stale_ >= count) return;
  std::vector<char> changed(values_.size(), 0);
  const auto update = [&](NodeId id) {
    const Node& node = nodes_[id];
    const bool stale =
        std::exchange(stale_[id], 0) || std::any_of(node.inputs.begin(), node.inputs.end(),
                                                    [&](ValueId input) { return input != kNoId && changed[input]; });
    if (!stale || !node.layer || !refresh_node(id)) return;
    for (const ValueId output : node.outputs) changed[output] = 1;
  };
  if (refers_forward_) {
    for (const NodeId id : order()) update(id);
  } else {
    for (NodeId id = first_stale_; id < count; ++id) update(id);
  }
  first_stale_ = count;
}

// Whether something changed.
bool Graph::refresh_node(NodeId id) const {
  const Node& node = nodes_[id];
  const RuleInputs in = gather(node, values_);
  shape_errors_[id].reset();
  const Shapes broken(node.outputs.size(), Shape::invalid());
  if (in.broken) return store(node, broken, std::nullopt);
  try {
    const Shapes shapes = node.layer->infer_shapes(in.args());
    TORCHTRT_REQUIRE(kInternal, shapes.size() == node.outputs.size(), "the rule answers ", shapes.size(),
                     " shapes for ", node.outputs.size(), " outputs");
    std::optional<HostValues> values;
    if (node.layer->can_fold() && small_enough(shapes)) values = node.layer->fold(in.args());
    return store(node, shapes, values);
  } catch (const Error& error) {
    shape_errors_[id] = describe_failure(*this, id, error.what());
    return store(node, broken, std::nullopt);
  }
}

bool Graph::store(const Node& node, const Shapes& shapes, const std::optional<HostValues>& values) const {
  bool changed = false;
  for (size_t i = 0; i < node.outputs.size(); ++i) {
    Value& value = values_[node.outputs[i]];
    std::optional<HostValue> host;
    if (values && (*values)[i].elements.size() <= static_cast<size_t>(kMaxHostElements)) host = (*values)[i];
    changed = changed || value.shape != shapes[i] || value.host != host;
    value.shape = shapes[i];
    value.host = std::move(host);
  }
  return changed;
}

std::string describe_failure(const Graph& graph, NodeId id, std::string_view what, std::span<const Shape> shapes) {
  const Node& node = graph.nodes()[id];
  std::string text = join(node.layer->kind(), " layer \"", node.name, "\": ", what);
  for (size_t i = 0; i < node.inputs.size(); ++i) {
    if (node.inputs[i] == kNoId) continue;
    const Value& value = graph.stale_value(node.inputs[i]);
    const Shape& shape = shapes.empty() ? value.shape : shapes[node.inputs[i]];
    text += join("\n  input ", i, " \"", value.name, "\": ", value.dtype);
    if (shape.is_valid()) text += join(' ', shape);  // not while only types are looked at
  }
  return text;
}

}  // namespace torchtrt::engine

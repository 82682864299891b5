// What passes do alike.
#include "core/engine/passes/rewrite.h"

#include <algorithm>

#include "core/engine/graph/known_weights.h"
#include "core/engine/passes/passes.h"

namespace torchtrt::engine {

bool is_private(const Graph& graph, ValueId value) {
  if (is_marked(graph, value)) return false;
  const std::vector<NodeId> users = graph.users(value);
  if (users.size() != 1) return false;
  const std::vector<ValueId>& inputs = graph.node(users[0]).inputs;
  return std::count(inputs.begin(), inputs.end(), value) == 1;
}

std::optional<double> uniform_value(const Graph& graph, ValueId value) {
  const Value& v = graph.value(value);
  if (!is_floating(v.dtype)) return std::nullopt;
  if (const auto* constant = producer_as<Constant>(graph, value); constant && v.dtype != DType::kFloat32) {
    if (constant->weights.count != 1) return std::nullopt;  // the host knows no values of the narrow types
    return *static_cast<const float*>(to_float32(constant->weights).data);
  }
  if (!v.host || v.host->elements.size() != 1 || !v.host->is_known()) return std::nullopt;
  return v.host->elements[0].as_float();
}

ValueId add_constant(Graph& graph, const Weights& weights, const Shape& shape, const std::string& name) {
  const NodeId node = graph.add(Constant{KnownWeights::share_known(weights), shape}, {});
  graph.set_name(node, name);
  return graph.node(node).outputs[0];
}

void take_over(Graph& graph, ValueId old, ValueId fresh) {
  const NodeId from = graph.stale_value(old).producer, to = graph.stale_value(fresh).producer;
  graph.set_name(to, graph.node(from).name);
  graph.mutable_node(to).metadata = graph.node(from).metadata;
  graph.set_value_name(fresh, graph.stale_value(old).name);
  graph.mutable_value(fresh).allowed_formats = graph.stale_value(old).allowed_formats;
  graph.replace_uses(old, fresh);
}

bool drop(Graph& graph, ValueId old, ValueId other) {
  if (old == other || is_marked(graph, old) || graph.users(old).empty()) return false;
  graph.replace_uses(old, other);
  return true;
}

}  // namespace torchtrt::engine

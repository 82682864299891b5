// compact: adds the live nodes of a graph to a new one.
#include "core/engine/graph/compact.h"

#include <algorithm>

namespace torchtrt::engine {
namespace {

// What a value carries beyond its type and shape.
void copy_annotations(const Value& from, Value& to) {
  to.name = from.name;
  to.dim_names = from.dim_names;
  to.allowed_formats = from.allowed_formats;
}

}  // namespace

std::vector<NodeId> live_nodes(const Graph& graph) {
  std::vector<char> needed(graph.value_count(), 0);
  for (const ValueId id : graph.outputs()) needed[id] = 1;
  for (const ValueId id : graph.shape_outputs()) needed[id] = 1;
  for (const ValueId id : graph.debug_values()) needed[id] = 1;
  std::vector<NodeId> order = graph.order(), live;
  for (auto it = order.rbegin(); it != order.rend(); ++it) {
    const Node& node = graph.node(*it);
    const bool used =
        std::any_of(node.outputs.begin(), node.outputs.end(), [&](ValueId id) { return needed[id] != 0; });
    if (!used && !node.outputs.empty() && !node.layer->has_effect()) continue;
    live.push_back(*it);
    for (const ValueId input : node.inputs)
      if (input != kNoId) needed[input] = 1;
  }
  std::reverse(live.begin(), live.end());
  return live;
}

Graph compact(const Graph& graph) {
  Graph result(graph.strongly_typed());
  result.rename(graph.name());
  std::vector<ValueId> place(graph.value_count(), kNoId);
  for (const ValueId id : graph.inputs()) {
    const Value& value = graph.value(id);
    place[id] = result.add_input(value.name, value.dtype, value.shape);
    copy_annotations(value, result.mutable_value(place[id]));
  }
  for (const NodeId id : live_nodes(graph)) {
    const Node& node = graph.node(id);
    std::vector<ValueId> inputs;
    for (const ValueId input : node.inputs) inputs.push_back(input == kNoId ? kNoId : place[input]);
    const NodeId added = result.add_node(node.layer->clone(), std::move(inputs));
    result.set_name(added, node.name);
    result.mutable_node(added).metadata = node.metadata;
    for (size_t i = 0; i < node.outputs.size(); ++i) {
      place[node.outputs[i]] = result.node(added).outputs.at(i);
      Value& value = result.mutable_value(place[node.outputs[i]]);
      copy_annotations(graph.stale_value(node.outputs[i]), value);
      TORCHTRT_REQUIRE(kInternal, value.dtype == graph.stale_value(node.outputs[i]).dtype, "layer \"", node.name,
                       "\" changed the type of its output to ", value.dtype);
    }
  }
  for (const ValueId id : graph.outputs()) result.mark_output(place[id]);
  for (const ValueId id : graph.shape_outputs()) result.mark_shape_output(place[id]);
  for (const ValueId id : graph.debug_values()) result.mark_debug(place[id]);
  return result;
}

}  // namespace torchtrt::engine

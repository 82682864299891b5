// OpenRegion: what is inside, what must not be, and the exchange of a region for one layer.
//   c1  what a region takes comes from outside of it, and does not depend on its results
//   c2  values from inside are used outside through the region's outputs only, and are no outputs of the network
//   c3  debug tensors inside are computed by a layer: recurrences and slices of iterators are none
#include "core/engine/plan/outline_region.h"

#include <algorithm>
#include <utility>

namespace torchtrt::engine {

std::string region_title(const Graph& graph, int region) {
  const Region& found = graph.regions()[static_cast<size_t>(region)];
  return join(found.is_loop ? "loop" : "conditional", " \"", found.name, '"');
}

void remove_nodes(Graph& graph, const std::vector<NodeId>& nodes) {
  for (const NodeId id : nodes) graph.mutable_node(id).inputs.clear();  // recurrences use one another
  for (const NodeId id : nodes) graph.remove_node(id);
}

OpenRegion::OpenRegion(Graph& graph_, const RegionMap& map_, int region_)
    : graph(graph_),
      map(map_),
      region(region_),
      title(region_title(graph_, region_)),
      inside(map_.inside(region_)),
      behind(map_.behind(region_)) {
  for (const NodeId exit : exits()) inside[static_cast<size_t>(exit)] = 0;
}

bool OpenRegion::holds(ValueId value) const {
  const NodeId producer = graph.stale_value(value).producer;
  return producer != kNoId && inside[static_cast<size_t>(producer)];
}

std::vector<char> OpenRegion::layers_for(const std::vector<ValueId>& values) const {
  std::vector<char> found(graph.nodes().size(), 0);
  std::vector<ValueId> todo = values;
  while (!todo.empty()) {
    const ValueId value = todo.back();
    todo.pop_back();
    if (value == kNoId || !holds(value)) continue;
    const NodeId id = graph.stale_value(value).producer;
    if (is_boundary(id) || std::exchange(found[static_cast<size_t>(id)], 1)) continue;
    todo.insert(todo.end(), graph.node(id).inputs.begin(), graph.node(id).inputs.end());
  }
  return found;
}

std::vector<NodeId> OpenRegion::effects() const {
  std::vector<NodeId> found;
  for (NodeId id = 0; id < static_cast<NodeId>(inside.size()); ++id) {
    const Node& node = graph.node(id);
    if (inside[static_cast<size_t>(id)] && !is_boundary(id) && (node.outputs.empty() || node.layer->has_effect()))
      found.push_back(id);
  }
  return found;
}

void OpenRegion::expect_outside(ValueId value, const std::string& what) const {
  if (value == kNoId) return;
  const std::string& tensor = graph.stale_value(value).name;
  TORCHTRT_CHECK(!holds(value), title, ": ", what, " \"", tensor, "\" has to come from outside of it");  // c1
  const NodeId producer = graph.stale_value(value).producer;
  TORCHTRT_CHECK(producer == kNoId || (!behind[static_cast<size_t>(producer)] &&
                                       !(is_boundary(producer) && !graph.node(producer).outputs.empty())),
                 title, ": ", what, " \"", tensor, "\" depends on its own result");  // c1
}

void OpenRegion::expect_closed(const std::vector<char>& in_body) const {
  for (NodeId id = 0; id < static_cast<NodeId>(inside.size()); ++id) {
    if (!inside[static_cast<size_t>(id)]) continue;
    const Node& node = graph.node(id);
    TORCHTRT_CHECK(in_body[static_cast<size_t>(id)] || is_boundary(id), node.layer->kind(), " layer \"", node.name,
                   "\" uses a tensor from inside ", title,
                   ", but leads to none of its outputs; take the tensor out with an output layer of it");  // c2
    for (const ValueId output : node.outputs)
      TORCHTRT_CHECK(!graph.is_debug(output) || in_body[static_cast<size_t>(id)], "tensor \"",
                     graph.stale_value(output).name, "\" enters ", title,
                     " and cannot be a debug tensor; mark what a layer inside computes from it");  // c3
    for (const ValueId output : node.outputs)
      TORCHTRT_CHECK(!graph.is_output(output) && !graph.is_shape_output(output), "tensor \"",
                     graph.stale_value(output).name, "\" of layer \"", node.name, "\" lies inside ", title,
                     " and cannot be an output of the network; take it out with an output layer of it");  // c2
    for (const ValueId input : node.inputs)
      if (input != kNoId && !holds(input) && in_body[static_cast<size_t>(id)])
        expect_outside(input, join("input of layer \"", node.name, "\","));
  }
}

void OpenRegion::replace_by(NodeId fresh, const std::vector<char>& in_body) {
  const std::vector<NodeId> outs = exits();
  for (size_t i = 0; i < outs.size(); ++i) {
    const ValueId old = graph.node(outs[i]).outputs.at(0), value = graph.node(fresh).outputs.at(i);
    graph.set_value_name(value, graph.stale_value(old).name);
    graph.mutable_value(value).allowed_formats = graph.stale_value(old).allowed_formats;
    graph.replace_uses(old, value);
  }
  std::vector<NodeId> gone = map.nodes(region);
  for (NodeId id = 0; id < static_cast<NodeId>(in_body.size()); ++id)
    if (in_body[static_cast<size_t>(id)]) gone.push_back(id);
  for (const NodeId id : gone)
    for (const ValueId output : graph.node(id).outputs) graph.unmark_debug(output);  // the body has the marks
  remove_nodes(graph, gone);
}

}  // namespace torchtrt::engine

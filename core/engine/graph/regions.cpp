// Regions: walks along the data flow.
#include "core/engine/graph/regions.h"

#include <utility>

#include "core/engine/layers/conditional_boundary.h"
#include "core/engine/layers/loop_boundary.h"

namespace torchtrt::engine {

namespace {

// Other than by a late input.
bool uses_now(const Node& node, ValueId value) {
  for (size_t i = 0; i < node.inputs.size(); ++i)
    if (node.inputs[i] == value && !names_input(node.layer->late_inputs(), i)) return true;
  return false;
}

}  // namespace

Place place_of(const Layer& layer) {
  if (const auto* op = as<Recurrence>(layer)) return {Boundary::kSource, static_cast<int>(op->loop)};
  if (const auto* op = as<Iterator>(layer)) return {Boundary::kSource, static_cast<int>(op->loop)};
  if (const auto* op = as<ConditionalInput>(layer)) return {Boundary::kSource, static_cast<int>(op->conditional)};
  if (const auto* op = as<TripLimit>(layer)) return {Boundary::kLimit, static_cast<int>(op->loop)};
  if (const auto* op = as<Condition>(layer)) return {Boundary::kLimit, static_cast<int>(op->conditional)};
  if (const auto* op = as<LoopOutput>(layer)) return {Boundary::kExit, static_cast<int>(op->loop)};
  if (const auto* op = as<ConditionalOutput>(layer)) return {Boundary::kExit, static_cast<int>(op->conditional)};
  return {};
}

RegionMap::RegionMap(const Graph& graph)
    : graph_(graph), nodes_(graph.regions().size()), users_(static_cast<size_t>(graph.value_count())) {
  for (NodeId id = 0; id < static_cast<NodeId>(graph.nodes().size()); ++id) {
    const Node& node = graph.nodes()[static_cast<size_t>(id)];
    if (!node.layer) continue;
    if (const Place place = place_of(*node.layer); place.region >= 0)
      nodes_.at(static_cast<size_t>(place.region)).push_back(id);
    for (const ValueId input : node.inputs)
      if (input != kNoId) users_[static_cast<size_t>(input)].push_back(id);
  }
}

std::vector<NodeId> RegionMap::nodes(int region, Boundary boundary) const {
  std::vector<NodeId> result;
  for (const NodeId id : nodes(region))
    if (place_of(*graph_.node(id).layer).boundary == boundary) result.push_back(id);
  return result;
}

// Stops at the exits of `region`; -1: nowhere.
std::vector<char> RegionMap::reach(std::vector<NodeId> todo, int region) const {
  std::vector<char> reached(graph_.nodes().size(), 0);
  while (!todo.empty()) {
    const NodeId id = todo.back();
    todo.pop_back();
    if (std::exchange(reached[static_cast<size_t>(id)], 1)) continue;
    const Place place = place_of(*graph_.node(id).layer);
    if (place.region == region && place.boundary == Boundary::kExit) continue;
    if (place.region >= 0 && place.region != region)
      todo.insert(todo.end(), nodes(place.region).begin(), nodes(place.region).end());
    for (const ValueId output : graph_.node(id).outputs)
      todo.insert(todo.end(), users(output).begin(), users(output).end());
  }
  return reached;
}

std::vector<char> RegionMap::inside(int region) const { return reach(nodes(region, Boundary::kSource), region); }

std::vector<char> RegionMap::behind(int region) const {
  std::vector<NodeId> todo = nodes(region, Boundary::kExit);
  std::vector<char> reached(graph_.nodes().size(), 0);
  while (!todo.empty()) {
    const NodeId id = todo.back();
    todo.pop_back();
    for (const ValueId output : graph_.node(id).outputs)
      for (const NodeId user : users(output))
        if (uses_now(graph_.node(user), output) && !std::exchange(reached[static_cast<size_t>(user)], 1))
          todo.push_back(user);
  }
  return reached;
}

int RegionMap::region_around(ValueId value) const {
  const NodeId producer = graph_.stale_value(value).producer;
  for (int region = 0; producer != kNoId && region < count(); ++region) {
    const Place place = place_of(*graph_.node(producer).layer);
    if (place.region == region && place.boundary == Boundary::kExit) continue;
    if (inside(region)[static_cast<size_t>(producer)]) return region;
  }
  return -1;
}

}  // namespace torchtrt::engine

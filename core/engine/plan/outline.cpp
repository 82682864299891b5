// outline: drops what is dead, then outlines one region after the other that contains no other.
//   c1  loops and conditionals lie within one another or apart; they do not overlap
//   c2  at most 64 lie in each other
#include "core/engine/plan/outline.h"

#include <algorithm>
#include <utility>

#include "core/engine/graph/compact.h"
#include "core/engine/plan/outline_region.h"

namespace torchtrt::engine {
namespace {

// Layers that an output or an effect depends on; with one boundary layer of a region live its limits.
std::vector<char> find_live(const Graph& graph, const RegionMap& map) {
  std::vector<char> live(graph.nodes().size(), 0);
  std::vector<NodeId> todo;
  const auto need = [&](ValueId value) {
    if (value != kNoId && graph.stale_value(value).producer != kNoId) todo.push_back(graph.stale_value(value).producer);
  };
  for (const auto* list : {&graph.outputs(), &graph.shape_outputs(), &graph.debug_values()})
    for (const ValueId value : *list) need(value);
  for (NodeId id = 0; id < static_cast<NodeId>(graph.nodes().size()); ++id) {
    const Node& node = graph.node(id);
    if (node.layer && place_of(*node.layer).region < 0 && (node.outputs.empty() || node.layer->has_effect()))
      todo.push_back(id);
  }
  while (!todo.empty()) {
    const NodeId id = todo.back();
    todo.pop_back();
    if (std::exchange(live[static_cast<size_t>(id)], 1)) continue;
    for (const ValueId input : graph.node(id).inputs) need(input);
    const Place place = place_of(*graph.node(id).layer);
    if (place.region < 0) continue;
    const std::vector<NodeId> limits = map.nodes(place.region, Boundary::kLimit);
    todo.insert(todo.end(), limits.begin(), limits.end());
  }
  return live;
}

void drop_dead(Graph& graph) {
  const RegionMap map(graph);
  const std::vector<char> live = find_live(graph, map);
  std::vector<NodeId> dead;
  for (NodeId id = 0; id < static_cast<NodeId>(graph.nodes().size()); ++id)
    if (graph.node(id).layer && !live[static_cast<size_t>(id)]) dead.push_back(id);
  remove_nodes(graph, dead);
}

// Another region of which a part lies inside; -1: none.
int region_inside(const RegionMap& map, int region) {
  const std::vector<char> inside = map.inside(region);
  for (int other = 0; other < map.count(); ++other) {
    const auto& nodes = map.nodes(other);
    if (other != region && std::any_of(nodes.begin(), nodes.end(), [&](NodeId id) { return inside[id] != 0; }))
      return other;
  }
  return -1;
}

// The first region without another one inside; -1: none is left.
int innermost(const Graph& graph, const RegionMap& map) {
  int first = -1, around = -1;
  for (int region = 0; region < map.count(); ++region) {
    if (map.nodes(region).empty()) continue;
    const int other = region_inside(map, region);
    if (other < 0) return region;
    if (first < 0) first = region, around = other;
  }
  TORCHTRT_CHECK(first < 0, region_title(graph, first), " and ", region_title(graph, around),
                 " overlap: values from inside of each are used inside of the other. One has to lie within the other, "
                 "with its values taken out by its own outputs");  // c1
  return -1;
}

}  // namespace

void outline(Graph& graph) {
  if (graph.regions().empty()) return;
  {
    const RegionMap map(graph);
    for (int region = 0; region < map.count(); ++region)
      if (graph.regions()[static_cast<size_t>(region)].is_loop) check_loop(graph, map, region);
  }
  drop_dead(graph);
  while (true) {
    const RegionMap map(graph);
    const int region = innermost(graph, map);
    if (region < 0) break;
    OpenRegion open(graph, map, region);
    if (graph.regions()[static_cast<size_t>(region)].is_loop) {
      outline_loop(open);
    } else {
      outline_conditional(open);
    }
    if (const auto error = graph.first_shape_error()) TORCHTRT_THROW(kInvalidConfig, *error);
  }
  const int depth = body_depth(graph);
  TORCHTRT_REQUIRE(kUnsupported, depth <= kMaxBodyDepth, depth, " loops and conditionals lie in each other; at most ",
                   kMaxBodyDepth, " are possible");  // c2
  graph = compact(graph);
}

}  // namespace torchtrt::engine

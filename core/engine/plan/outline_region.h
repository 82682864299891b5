// What outlining loops and conditionals have in common: the region's layers, their checks, and making a body of them.
#pragma once

#include <set>
#include <string>

#include "core/engine/graph/regions.h"
#include "core/engine/plan/body.h"
#include "core/engine/plan/settle.h"

namespace torchtrt::engine {

// A loop or conditional that contains no other any more.
struct OpenRegion {
  Graph& graph;
  const RegionMap& map;
  int region;
  std::string title;         // loop "name"
  std::vector<char> inside;  // by node
  std::vector<char> behind;  // by node

  OpenRegion(Graph& graph, const RegionMap& map, int region);

  const std::string& name() const { return graph.regions()[static_cast<size_t>(region)].name; }
  std::vector<NodeId> sources() const { return map.nodes(region, Boundary::kSource); }
  std::vector<NodeId> exits() const { return map.nodes(region, Boundary::kExit); }
  bool is_boundary(NodeId id) const { return place_of(*graph.node(id).layer).region == region; }
  // Computed inside; results of the region are not.
  bool holds(ValueId value) const;
  // Layers inside, boundaries aside, that one of the values depends on.
  std::vector<char> layers_for(const std::vector<ValueId>& values) const;
  // Layers inside that are there for their effect.
  std::vector<NodeId> effects() const;
  // Throws unless the value, `what` of the region, comes from outside and does not depend on its results.
  void expect_outside(ValueId value, const std::string& what) const;
  // Throws where a layer inside that is in no body, or an output of the network, would need a value from inside.
  void expect_closed(const std::vector<char>& in_body) const;
  // The new layer's outputs replace those of the exits, then the region's layers are removed.
  void replace_by(NodeId fresh, const std::vector<char>& in_body);
};

void remove_nodes(Graph& graph, const std::vector<NodeId>& nodes);
// "loop "name"" or "conditional "name"".
std::string region_title(const Graph& graph, int region);

// Inputs of a new layer, each once.
struct InputList {
  std::vector<ValueId> values;
  int64_t index_of(ValueId value);
  std::vector<int64_t> indices_of(const std::vector<ValueId>& list);
};

// Copies layers of a graph into a body. What they use from outside becomes an input, or is copied if its value is
// known.
class BodyMaker {
 public:
  BodyMaker(const Graph& graph, const std::string& name);

  // An input that stands for `inner` and is fed by `feed`.
  void add_input(ValueId inner, ValueId feed);
  // `inner` is `outer`, from outside.
  void alias(ValueId inner, ValueId outer) { places_[static_cast<size_t>(inner)] = place(outer); }
  void add_nodes(const std::vector<char>& chosen);
  // The body's next output.
  void add_result(ValueId value);
  // By input of the body: the value of the graph that feeds it.
  const std::vector<ValueId>& feeds() const { return feeds_; }
  GraphRef take();

 private:
  ValueId place(ValueId value);
  ValueId capture(ValueId value);
  void add_node(NodeId id);
  std::string unique(const std::string& name);

  const Graph& graph_;
  Graph body_;
  std::vector<ValueId> places_;  // by value of the graph: in the body
  std::vector<ValueId> feeds_;
  std::set<std::string> names_;
};

void outline_loop(OpenRegion& loop);
void outline_conditional(OpenRegion& conditional);
// What can be told before anything else: limits, missing inputs, kinds of outputs.
void check_loop(const Graph& graph, const RegionMap& map, int loop);

}  // namespace torchtrt::engine

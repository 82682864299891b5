// Conditional of a network -> IfConditional layer, or the branch that the condition names if its value is known.
// Rules about a conditional as a whole:
//   c1  it has a condition, from outside
//   c2  no layer belongs to both branches; one that is there for its effect belongs to one of them
//   c3  what goes into the branches comes from outside, see OpenRegion
//
// Layers outside that one branch alone uses go into it: they run only if it is taken.
#include <algorithm>

#include "core/engine/layers/constant.h"
#include "core/engine/layers/identity.h"
#include "core/engine/plan/if_conditional.h"
#include "core/engine/plan/outline_region.h"

namespace torchtrt::engine {
namespace {

struct Branches {
  std::vector<char> layers[2];  // by node; 0: the condition holds
  std::vector<ValueId> results[2];
};

std::vector<ValueId> results_of(const OpenRegion& region, size_t branch) {
  std::vector<ValueId> results;
  for (const NodeId exit : region.exits()) results.push_back(region.graph.node(exit).inputs[branch]);
  return results;
}

void merge(std::vector<char>& into, const std::vector<char>& other) {
  for (size_t i = 0; i < into.size(); ++i) into[i] = into[i] || other[i];
}

bool overlap(const std::vector<char>& a, const std::vector<char>& b) {
  for (size_t i = 0; i < a.size(); ++i)
    if (a[i] && b[i]) return true;
  return false;
}

// Layers for their effect go where what they use is.
void place_effects(const OpenRegion& region, Branches& branches) {
  for (const NodeId id : region.effects()) {
    const Node& node = region.graph.node(id);
    std::vector<char> group = region.layers_for(node.inputs);
    group[static_cast<size_t>(id)] = 1;
    const bool first = overlap(group, branches.layers[0]), second = overlap(group, branches.layers[1]);
    TORCHTRT_CHECK(first != second, region.title, ": ", node.layer->kind(), " layer \"", node.name,
                   "\" uses layers of ", first ? "both branches" : "neither branch",
                   "; it has to belong to one");  // c2
    merge(branches.layers[first ? 0 : 1], group);
  }
}

Branches branches_of(const OpenRegion& region) {
  Branches branches;
  for (size_t b = 0; b < 2; ++b) {
    branches.results[b] = results_of(region, b);
    branches.layers[b] = region.layers_for(branches.results[b]);
  }
  for (NodeId id = 0; id < static_cast<NodeId>(region.inside.size()); ++id)
    TORCHTRT_CHECK(!branches.layers[0][static_cast<size_t>(id)] || !branches.layers[1][static_cast<size_t>(id)],
                   region.title, ": ", region.graph.node(id).layer->kind(), " layer \"", region.graph.node(id).name,
                   "\" belongs to both branches; add a layer for each");  // c2
  place_effects(region, branches);
  return branches;
}

// Whether the layer lies inside the same other regions as the conditional.
bool is_beside(const OpenRegion& region, NodeId id, const std::vector<std::vector<char>>& others) {
  const NodeId exit = region.exits().front();
  return std::all_of(others.begin(), others.end(), [&](const std::vector<char>& inside) {
    return inside[static_cast<size_t>(id)] == inside[static_cast<size_t>(exit)];
  });
}

// Whether something uses the layer, and all that does is of the branch, or its result.
bool is_exclusive(const OpenRegion& region, const Node& node, size_t b, const std::vector<char>& layers) {
  const Graph& graph = region.graph;
  bool used = false;
  for (const ValueId output : node.outputs) {
    used = used || !region.map.users(output).empty();
    if (graph.is_output(output) || graph.is_shape_output(output) || graph.is_debug(output)) return false;
    for (const NodeId user : region.map.users(output)) {
      const Node& other = graph.node(user);
      const bool exit = region.is_boundary(user) && place_of(*other.layer).boundary == Boundary::kExit;
      if (!layers[static_cast<size_t>(user)] && !exit) return false;
      for (size_t i = 0; exit && i < other.inputs.size(); ++i)
        if (other.inputs[i] == output && i != b) return false;
    }
  }
  return used;
}

// Layers whose value never changes: they are better computed once, by the build or when the plan is loaded.
std::vector<char> find_constant(const Graph& graph) {
  std::vector<char> constant(graph.nodes().size(), 0);
  for (const NodeId id : graph.order()) {
    const Node& node = graph.node(id);
    const auto is_constant = [&](ValueId input) {
      const NodeId producer = input == kNoId ? kNoId : graph.stale_value(input).producer;
      return input == kNoId || (producer != kNoId && constant[static_cast<size_t>(producer)]);
    };
    constant[static_cast<size_t>(id)] =
        as<Constant>(*node.layer) ||
        (!node.inputs.empty() && std::all_of(node.inputs.begin(), node.inputs.end(), is_constant));
  }
  return constant;
}

void sink(const OpenRegion& region, size_t b, std::vector<char>& layers) {
  std::vector<std::vector<char>> others;
  for (int other = 0; other < region.map.count(); ++other)
    if (other != region.region && !region.map.nodes(other).empty()) others.push_back(region.map.inside(other));
  const std::vector<char> constant = find_constant(region.graph);
  std::vector<NodeId> order = region.graph.order();
  for (auto it = order.rbegin(); it != order.rend(); ++it) {
    const Node& node = region.graph.node(*it);
    const bool plain = !region.inside[static_cast<size_t>(*it)] && place_of(*node.layer).region < 0 &&
                       !node.outputs.empty() && !node.layer->has_effect() && !constant[static_cast<size_t>(*it)];
    if (plain && is_exclusive(region, node, b, layers) && is_beside(region, *it, others))
      layers[static_cast<size_t>(*it)] = 1;
  }
}

// The chosen values take the place of the results; the other branch goes.
void select(OpenRegion& region, const Branches& branches, size_t b) {
  Graph& graph = region.graph;
  for (const NodeId exit : region.exits()) {
    const ValueId old = graph.node(exit).outputs[0];
    const NodeId copy = graph.add(Identity{}, {graph.node(exit).inputs[b]});
    const ValueId value = graph.node(copy).outputs[0];
    graph.set_name(copy, graph.node(exit).name);
    graph.set_value_name(value, graph.stale_value(old).name);
    graph.mutable_value(value).allowed_formats = graph.stale_value(old).allowed_formats;
    graph.replace_uses(old, value);
  }
  for (const NodeId source : region.sources())
    graph.replace_uses(graph.node(source).outputs[0], graph.node(source).inputs[0]);
  std::vector<NodeId> gone = region.map.nodes(region.region);
  for (NodeId id = 0; id < static_cast<NodeId>(branches.layers[1 - b].size()); ++id)
    if (branches.layers[1 - b][static_cast<size_t>(id)]) gone.push_back(id);
  for (const NodeId id : gone)
    for (const ValueId output : graph.node(id).outputs) graph.unmark_debug(output);  // nothing computes them
  remove_nodes(graph, gone);
}

GraphRef make_body(const OpenRegion& region, const Branches& branches, size_t b, std::vector<ValueId>& feeds) {
  const Graph& graph = region.graph;
  BodyMaker body(graph, join(region.name(), b == 0 ? ", then" : ", else"));
  for (const NodeId source : region.sources()) {
    const ValueId inner = graph.node(source).outputs[0];
    const auto used = [&](NodeId user) { return branches.layers[b][static_cast<size_t>(user)] != 0; };
    const bool result =
        std::find(branches.results[b].begin(), branches.results[b].end(), inner) != branches.results[b].end();
    const std::vector<NodeId>& users = region.map.users(inner);
    if (result || std::any_of(users.begin(), users.end(), used)) body.alias(inner, graph.node(source).inputs[0]);
  }
  body.add_nodes(branches.layers[b]);
  for (const ValueId result : branches.results[b]) body.add_result(result);
  feeds = body.feeds();
  return body.take();
}

ValueId condition_of(const OpenRegion& region) {
  const std::vector<NodeId> limits = region.map.nodes(region.region, Boundary::kLimit);
  TORCHTRT_CHECK(!limits.empty(), region.title, " has no condition; set one with setCondition");  // c1
  const ValueId condition = region.graph.node(limits[0]).inputs[0];
  region.expect_outside(condition, "the condition");  // c1
  return condition;
}

}  // namespace

void outline_conditional(OpenRegion& region) {
  Graph& graph = region.graph;
  const ValueId condition = condition_of(region);
  for (const NodeId source : region.sources())
    region.expect_outside(graph.node(source).inputs[0], join("input \"", graph.node(source).name, "\","));  // c3
  Branches branches = branches_of(region);
  std::vector<char> both = branches.layers[0];
  merge(both, branches.layers[1]);
  region.expect_closed(both);  // c3
  if (const auto& host = graph.value(condition).host; host && host->is_known())
    return select(region, branches, host->elements.at(0).as_int() != 0 ? 0 : 1);

  for (size_t b = 0; b < 2 && !region.exits().empty(); ++b) sink(region, b, branches.layers[b]);
  both = branches.layers[0];
  merge(both, branches.layers[1]);
  IfConditional op;
  InputList inputs;
  inputs.index_of(condition);
  std::vector<ValueId> feeds;
  op.then_body = make_body(region, branches, 0, feeds);
  op.then_feeds = inputs.indices_of(feeds);
  op.else_body = make_body(region, branches, 1, feeds);
  op.else_feeds = inputs.indices_of(feeds);
  const NodeId fresh = graph.add(std::move(op), inputs.values);
  graph.set_name(fresh, region.name());
  region.replace_by(fresh, both);
  settle(graph, fresh);
}

}  // namespace torchtrt::engine

// settle and hoist_constants: which inputs of layers with bodies are values on the host, and constants taken out.
#include "core/engine/plan/settle.h"

#include <algorithm>

#include "core/engine/graph/compact.h"
#include "core/engine/layers/constant.h"
#include "core/engine/layers/identity.h"
#include "core/engine/plan/body.h"
#include "core/engine/plan/if_conditional.h"
#include "core/engine/plan/loop.h"
#include "core/engine/plan/placement.h"

namespace torchtrt::engine {
namespace {

constexpr size_t kMostHostInputs = 32;  // bits of Layer::host_inputs

// What changes from one iteration to the next and is needed on the host, by body input; recurrences need their next
// value there in turn.
std::vector<char> loop_needs(const Loop& op, std::vector<int64_t>& varying) {
  const auto changing = static_cast<size_t>(op.recurrences) + op.axes.size();
  std::vector<size_t> wanted;
  while (true) {
    std::vector<char> needs = host_needs(*op.body, wanted);
    std::vector<size_t> next;
    for (size_t r = 0; r < static_cast<size_t>(op.recurrences); ++r)
      if (needs[r]) next.push_back(op.first_next() + r);
    if (next == wanted) {
      varying.clear();
      for (size_t i = 0; i < changing; ++i)
        if (needs[i]) varying.push_back(static_cast<int64_t>(i));
      return needs;
    }
    wanted = std::move(next);
  }
}

void mark(const std::vector<char>& needs, const std::vector<int64_t>& feeds, std::vector<char>& on_host) {
  for (size_t i = 0; i < feeds.size(); ++i)
    if (needs[i]) on_host[static_cast<size_t>(feeds[i])] = 1;
}

// By input of the layer.
std::vector<char> host_inputs_of(Loop& op, size_t inputs) {
  std::vector<char> on_host(inputs, 0), needs = loop_needs(op, op.varying);
  // An iterated tensor is no shape tensor: its slices are read back where the host does not know it.
  std::fill_n(needs.begin() + op.recurrences, op.axes.size(), 0);
  mark(needs, op.feeds, on_host);
  if (op.count >= 0) on_host[static_cast<size_t>(op.count)] = 1;
  for (const int64_t length : op.lengths)
    if (length >= 0) on_host[static_cast<size_t>(length)] = 1;
  return on_host;
}

std::vector<char> host_inputs_of(const IfConditional& op, size_t inputs) {
  std::vector<char> on_host(inputs, 0);
  mark(host_needs(*op.then_body, {}), op.then_feeds, on_host);
  mark(host_needs(*op.else_body, {}), op.else_feeds, on_host);
  return on_host;
}

// New places: `fixed` inputs stay, then those on the host, then the others.
std::vector<int64_t> places_of(const std::vector<char>& on_host, size_t fixed) {
  std::vector<int64_t> places(on_host.size());
  auto next = static_cast<int64_t>(fixed);
  for (size_t i = 0; i < fixed; ++i) places[i] = static_cast<int64_t>(i);
  for (const char wanted : {1, 0})
    for (size_t i = fixed; i < on_host.size(); ++i)
      if (on_host[i] == wanted) places[i] = next++;
  return places;
}

void renumber(std::vector<int64_t>& list, const std::vector<int64_t>& places) {
  for (int64_t& input : list)
    if (input >= 0) input = places[static_cast<size_t>(input)];
}

int64_t mask_of(const std::vector<char>& on_host, const std::vector<int64_t>& places) {
  int64_t mask = 0;
  for (size_t i = 0; i < on_host.size(); ++i) {
    if (!on_host[i]) continue;
    TORCHTRT_REQUIRE(kUnsupported, static_cast<size_t>(places[i]) < kMostHostInputs, "more than ", kMostHostInputs,
                     " values from outside are needed on the host; put them together in one tensor");
    mask |= int64_t{1} << places[i];
  }
  return mask;
}

void reorder(Node& node, const std::vector<int64_t>& places) {
  std::vector<ValueId> inputs(node.inputs.size());
  for (size_t i = 0; i < inputs.size(); ++i) inputs[static_cast<size_t>(places[i])] = node.inputs[i];
  node.inputs = std::move(inputs);
}

void settle_level(Graph& graph) {
  for (NodeId id = 0; id < static_cast<NodeId>(graph.nodes().size()); ++id)
    if (graph.node(id).layer) settle(graph, id);
}

// ---- constants

// The same constant in the graph, perhaps one that this body took a copy of; else a new one.
ValueId constant_in(Graph& graph, const Graph& body, NodeId id) {
  const auto& op = *as<Constant>(*body.node(id).layer);
  for (const Node& node : graph.nodes()) {
    const auto* other = node.layer ? as<Constant>(*node.layer) : nullptr;
    if (other && !op.weights.empty() && other->weights.data == op.weights.data && other->shape == op.shape &&
        other->weights.dtype == op.weights.dtype && other->weights.count == op.weights.count &&
        other->weights.name == op.weights.name)
      return node.outputs[0];
  }
  const NodeId outer = graph.add(op, {});
  graph.set_name(outer, body.node(id).name);
  graph.mutable_node(outer).metadata = body.node(id).metadata;
  graph.set_value_name(graph.node(outer).outputs[0], body.stale_value(body.node(id).outputs[0]).name);
  return graph.node(outer).outputs[0];
}

std::string fresh_name(const Graph& graph, const std::string& name) {
  const auto is_taken = [&](const std::string& wanted) {
    return std::any_of(graph.inputs().begin(), graph.inputs().end(),
                       [&](ValueId input) { return graph.stale_value(input).name == wanted; });
  };
  std::string result = name.empty() ? "constant" : name;
  for (int i = 2; is_taken(result); ++i) result = join(name, " #", i);
  return result;
}

// The body with its constants as further inputs, whose values in `graph` are added to `constants`. Null: there are
// none.
std::shared_ptr<Graph> without_constants(Graph& graph, const Graph& body, const std::vector<ValueId>& on_host,
                                         std::vector<ValueId>& constants) {
  Graph changed = body.clone();
  const Needs needs = find_needs(body, body.order(), on_host);
  for (NodeId id = 0; id < static_cast<NodeId>(body.nodes().size()); ++id) {
    if (!as<Constant>(*body.node(id).layer) || needs.host[static_cast<size_t>(body.node(id).outputs[0])]) continue;
    const ValueId old = body.node(id).outputs[0];
    const Value& value = body.value(old);
    ValueId inner = changed.add_input(fresh_name(changed, value.name), value.dtype, value.shape);
    if (changed.is_output(old)) {
      const NodeId copy = changed.add(Identity{}, {inner});
      changed.set_name(copy, join(value.name, " as result"));
      inner = changed.node(copy).outputs[0];
    }
    changed.replace_uses(old, inner);
    constants.push_back(constant_in(graph, body, id));
  }
  if (constants.empty()) return nullptr;
  auto result = std::make_shared<Graph>(compact(changed));
  result->first_shape_error();
  return result;
}

bool hoist(Graph& graph, NodeId id, const char* body_field, const char* feeds_field, const GraphRef& body,
           std::vector<int64_t> feeds, const std::vector<ValueId>& on_host) {
  std::vector<ValueId> constants;
  const std::shared_ptr<Graph> changed = without_constants(graph, *body, on_host, constants);
  if (!changed) return false;
  Node& node = graph.mutable_node(id);
  for (const ValueId constant : constants) {
    feeds.push_back(static_cast<int64_t>(node.inputs.size()));
    node.inputs.push_back(constant);
  }
  node.layer->set_field(body_field, GraphRef(changed));
  node.layer->set_field(feeds_field, feeds);
  graph.touch(id);
  return true;
}

bool hoist_level(Graph& graph) {
  bool changed = false;
  const auto count = static_cast<NodeId>(graph.nodes().size());
  for (NodeId id = 0; id < count; ++id) {
    if (!graph.node(id).layer) continue;
    if (const auto* found = as<Loop>(*graph.node(id).layer)) {
      const Loop op = *found;
      std::vector<ValueId> on_host;
      for (const int64_t r : op.varying)
        if (r < op.recurrences) on_host.push_back(op.next_of(r));
      changed = hoist(graph, id, "body", "feeds", op.body, op.feeds, on_host) || changed;
    } else if (const auto* branches = as<IfConditional>(*graph.node(id).layer)) {
      const IfConditional op = *branches;
      changed = hoist(graph, id, "then_body", "then_feeds", op.then_body, op.then_feeds, {}) || changed;
      changed = hoist(graph, id, "else_body", "else_feeds", op.else_body, op.else_feeds, {}) || changed;
    }
  }
  return changed;
}

}  // namespace

void settle(Graph& graph, NodeId id) {
  Node& node = graph.mutable_node(id);
  if (auto* loop = as<Loop>(*node.layer)) {
    const std::vector<char> on_host = host_inputs_of(*loop, node.inputs.size());
    const std::vector<int64_t> places = places_of(on_host, 0);
    if (loop->count >= 0) loop->count = places[static_cast<size_t>(loop->count)];
    renumber(loop->feeds, places);
    renumber(loop->lengths, places);
    loop->on_host = mask_of(on_host, places);
    reorder(node, places);
  } else if (auto* branches = as<IfConditional>(*node.layer)) {
    const std::vector<char> on_host = host_inputs_of(*branches, node.inputs.size());
    const std::vector<int64_t> places = places_of(on_host, 1);
    renumber(branches->then_feeds, places);
    renumber(branches->else_feeds, places);
    branches->on_host = mask_of(on_host, places);
    reorder(node, places);
  } else {
    return;
  }
  graph.touch(id);
}

void settle_all(Graph& graph) {
  change_bodies(graph, [](Graph& body) {
    settle_level(body);
    return true;
  });
  settle_level(graph);
}

bool hoist_constants(Graph& graph) {
  const bool inside = change_bodies(graph, hoist_level);
  return hoist_level(graph) || inside;
}

}  // namespace torchtrt::engine

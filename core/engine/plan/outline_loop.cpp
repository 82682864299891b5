// Loop of a network -> Loop layer. Rules about a loop as a whole:
//   c1  at least one trip limit, and at most one of each kind
//   c2  a COUNT comes from outside; a WHILE condition is computed inside
//   c3  a recurrence has a next value
//   c4  LAST_VALUE is of a recurrence of the same loop
//   c5  CONCATENATE and REVERSE have a length, from outside
//   c6  the condition depends on no iterator and no loop's output inside, and on no other loop's recurrence or iterator
//   c7  initial values, iterated tensors and what the body uses come from outside, see OpenRegion
//   c8  reverse iteration needs a COUNT
// What a body's layer takes from outside is the same in every iteration, and so is what it does not compute: a next
// value or a concatenated value may come from outside.
#include <algorithm>
#include <map>
#include <utility>

#include "core/engine/plan/loop.h"
#include "core/engine/plan/outline_region.h"

namespace torchtrt::engine {
namespace {

struct Parts {
  NodeId count = kNoId, condition = kNoId;
  std::vector<NodeId> recurrences, iterators, outputs;
};

template <class Op>
const Op& op_of(const Graph& graph, NodeId id) {
  return *as<Op>(*graph.node(id).layer);
}

ValueId input_of(const Graph& graph, NodeId id, size_t i) {
  const std::vector<ValueId>& inputs = graph.node(id).inputs;
  return i < inputs.size() ? inputs[i] : kNoId;
}

Parts parts_of(const Graph& graph, const RegionMap& map, int loop) {
  Parts parts;
  for (const NodeId id : map.nodes(loop)) {
    const Layer& layer = *graph.node(id).layer;
    if (as<Recurrence>(layer)) parts.recurrences.push_back(id);
    if (as<Iterator>(layer)) parts.iterators.push_back(id);
    if (as<LoopOutput>(layer)) parts.outputs.push_back(id);
    const auto* limit = as<TripLimit>(layer);
    if (!limit) continue;
    NodeId& place = limit->limit == TripLimitKind::kCount ? parts.count : parts.condition;
    TORCHTRT_CHECK(place == kNoId, region_title(graph, loop), " has two trip limits of one kind: layers \"",
                   graph.node(place).name, "\" and \"", graph.node(id).name, '"');  // c1
    place = id;
  }
  return parts;
}

void check_output(const Graph& graph, const std::string& title, NodeId id) {
  const auto& op = op_of<LoopOutput>(graph, id);
  const std::string at = join(title, ", LoopOutput layer \"", graph.node(id).name, "\": ");
  if (op.output != LoopOutputKind::kLastValue) {
    TORCHTRT_CHECK(input_of(graph, id, 1) != kNoId, at,
                   "values that are put together need a length: set input 1");  // c5
    return;
  }
  const ValueId value = graph.node(id).inputs[0];
  const NodeId producer = graph.stale_value(value).producer;
  const auto* recurrence = producer == kNoId ? nullptr : as<Recurrence>(*graph.node(producer).layer);
  TORCHTRT_CHECK(recurrence && recurrence->loop == op.loop, at,
                 "LAST_VALUE is of a recurrence of the same loop, not of \"", graph.stale_value(value).name,
                 '"');  // c4
}

// c6
void check_condition(const OpenRegion& loop, ValueId condition) {
  const Graph& graph = loop.graph;
  const std::string at = join(loop.title, ": the condition \"", graph.stale_value(condition).name, "\" ");
  TORCHTRT_CHECK(loop.holds(condition), at, "has to be computed inside");  // c2
  std::vector<char> seen(static_cast<size_t>(graph.value_count()), 0);
  std::vector<ValueId> todo{condition};
  while (!todo.empty()) {
    const ValueId value = todo.back();
    todo.pop_back();
    if (value == kNoId || std::exchange(seen[static_cast<size_t>(value)], 1)) continue;
    const NodeId id = graph.stale_value(value).producer;
    if (id == kNoId) continue;
    const Node& node = graph.node(id);
    const bool iterator = as<Iterator>(*node.layer) != nullptr;
    const bool foreign = as<Recurrence>(*node.layer) && !loop.is_boundary(id);
    const bool nested = as<Loop>(*node.layer) && loop.holds(value);
    TORCHTRT_CHECK(!iterator && !foreign && !nested, at, "depends on ",
                   iterator  ? "iterator"
                   : foreign ? "recurrence"
                             : "loop",
                   " \"", node.name, "\"; it may depend on recurrences of this loop only");
    if (place_of(*node.layer).region >= 0 || as<Loop>(*node.layer)) continue;  // where other loops end
    todo.insert(todo.end(), node.inputs.begin(), node.inputs.end());
  }
}

std::vector<ValueId> sinks_of(const OpenRegion& loop, const Parts& parts) {
  const Graph& graph = loop.graph;
  std::vector<ValueId> sinks;
  if (parts.condition != kNoId) sinks.push_back(graph.node(parts.condition).inputs[0]);
  for (const NodeId id : parts.recurrences) sinks.push_back(graph.node(id).inputs[1]);
  for (const NodeId id : parts.outputs) sinks.push_back(graph.node(id).inputs[0]);
  for (const NodeId id : loop.effects())
    sinks.insert(sinks.end(), graph.node(id).inputs.begin(), graph.node(id).inputs.end());
  return sinks;
}

void check_sources(const OpenRegion& loop, const Parts& parts) {
  const Graph& graph = loop.graph;
  if (parts.count != kNoId) loop.expect_outside(graph.node(parts.count).inputs[0], "the trip limit");  // c2
  if (parts.condition != kNoId) check_condition(loop, graph.node(parts.condition).inputs[0]);
  for (const NodeId id : parts.recurrences)
    loop.expect_outside(graph.node(id).inputs[0],
                        join("the initial value of recurrence \"", graph.node(id).name, "\","));
  for (const NodeId id : parts.iterators)
    loop.expect_outside(graph.node(id).inputs[0], join("what iterator \"", graph.node(id).name, "\" goes through,"));
  for (const ValueId value : sinks_of(loop, parts))
    if (!loop.holds(value)) loop.expect_outside(value, "the value");
  for (const NodeId id : parts.outputs)
    loop.expect_outside(input_of(graph, id, 1), join("the length of output \"", graph.node(id).name, "\","));  // c5
}

// Results in the order of Loop's body outputs.
void add_results(const Graph& graph, const Parts& parts, Loop& op, BodyMaker& body, InputList& inputs) {
  int64_t count = 0;
  const auto add = [&](ValueId value) {
    body.add_result(value);
    return count++;
  };
  if (op.conditional) add(graph.node(parts.condition).inputs[0]);
  for (const NodeId id : parts.recurrences) add(graph.node(id).inputs[1]);
  std::map<ValueId, int64_t> recurrences;
  for (size_t r = 0; r < parts.recurrences.size(); ++r)
    recurrences[graph.node(parts.recurrences[r]).outputs[0]] = static_cast<int64_t>(r);
  for (const NodeId id : parts.outputs) {
    const auto& output = op_of<LoopOutput>(graph, id);
    const bool last = output.output == LoopOutputKind::kLastValue;
    const ValueId value = graph.node(id).inputs[0];
    op.kinds.push_back(static_cast<int64_t>(output.output));
    op.sources.push_back(last ? recurrences.at(value) : add(value));
    op.positions.push_back(output.axis);
    op.lengths.push_back(last ? -1 : inputs.index_of(input_of(graph, id, 1)));
  }
}

}  // namespace

void check_loop(const Graph& graph, const RegionMap& map, int loop) {
  if (map.nodes(loop).empty()) return;
  const std::string title = region_title(graph, loop);
  const Parts parts = parts_of(graph, map, loop);
  TORCHTRT_CHECK(parts.count != kNoId || parts.condition != kNoId, title,
                 " has no trip limit; add one with addTripLimit");  // c1
  for (const NodeId id : parts.recurrences)
    TORCHTRT_CHECK(input_of(graph, id, 1) != kNoId, title, ": recurrence \"", graph.node(id).name,
                   "\" has no next value; set its input 1");  // c3
  for (const NodeId id : parts.iterators)
    TORCHTRT_CHECK(!op_of<Iterator>(graph, id).reverse || parts.count != kNoId, title, ": iterator \"",
                   graph.node(id).name, "\" is reversed, which needs a trip limit of kind COUNT");  // c8
  for (const NodeId id : parts.outputs) check_output(graph, title, id);
}

void outline_loop(OpenRegion& loop) {
  Graph& graph = loop.graph;
  const Parts parts = parts_of(graph, loop.map, loop.region);
  check_sources(loop, parts);
  std::vector<char> in_body = loop.layers_for(sinks_of(loop, parts));
  for (const NodeId id : loop.effects()) in_body[static_cast<size_t>(id)] = 1;
  loop.expect_closed(in_body);  // c7

  BodyMaker body(graph, loop.name());
  InputList inputs;
  Loop op;
  op.recurrences = static_cast<int64_t>(parts.recurrences.size());
  op.conditional = parts.condition != kNoId;
  if (parts.count != kNoId) op.count = inputs.index_of(graph.node(parts.count).inputs[0]);
  for (const NodeId id : parts.recurrences) body.add_input(graph.node(id).outputs[0], graph.node(id).inputs[0]);
  for (const NodeId id : parts.iterators) {
    body.add_input(graph.node(id).outputs[0], graph.node(id).inputs[0]);
    op.axes.push_back(op_of<Iterator>(graph, id).axis);
    op.reversed.push_back(op_of<Iterator>(graph, id).reverse);
  }
  body.add_nodes(in_body);
  add_results(graph, parts, op, body, inputs);
  op.feeds = inputs.indices_of(body.feeds());
  op.body = body.take();
  const NodeId fresh = graph.add(std::move(op), inputs.values);
  graph.set_name(fresh, loop.name());
  loop.replace_by(fresh, in_body);
  settle(graph, fresh);
}

}  // namespace torchtrt::engine

// Bodies: evaluation, checks, and walks through nested ones.
#include "core/engine/plan/body.h"

#include <algorithm>

#include "core/engine/graph/compact.h"
#include "core/engine/plan/placement.h"

namespace torchtrt::engine {
namespace {

bool is_effect(const Node& node) { return node.layer && (node.outputs.empty() || node.layer->has_effect()); }

}  // namespace

BodyArgs body_args(const std::vector<int64_t>& feeds, const ShapeArgs& in) {
  BodyArgs args;
  for (const int64_t feed : feeds) {
    args.shapes.push_back(in[static_cast<int>(feed)]);
    args.values.push_back(in.value(static_cast<int>(feed)));
  }
  return args;
}

Evaluation start_body(const Graph& body, const BodyArgs& args) {
  Evaluation evaluation(body);
  for (size_t i = 0; i < args.shapes.size(); ++i) {
    evaluation.set_shape(body.inputs()[i], args.shapes[i]);
    if (args.values[i]) evaluation.set_host(body.inputs()[i], *args.values[i]);
  }
  return evaluation;
}

Evaluation evaluate_body(const Graph& body, const BodyArgs& args, bool largest) {
  Evaluation evaluation = start_body(body, args);
  if (largest) evaluation.assume_largest();
  for (NodeId id = 0; id < static_cast<NodeId>(body.nodes().size()); ++id) evaluation.evaluate(id);
  return evaluation;
}

void check_body(const GraphRef& body, const std::vector<int64_t>& feeds, size_t outputs, const Types& in) {
  TORCHTRT_REQUIRE(kInternal, body && body->inputs().size() == feeds.size() && body->outputs().size() == outputs,
                   "the body does not fit the layer");
  if (const auto error = body->first_shape_error()) TORCHTRT_THROW(kInvalidConfig, *error);
  for (size_t i = 0; i < feeds.size(); ++i) {
    TORCHTRT_REQUIRE(kInternal, feeds[i] >= 0 && feeds[i] < static_cast<int64_t>(in.size()), "input ", feeds[i],
                     " feeds the body, but there is none");
    const DType inside = body->stale_value(body->inputs()[i]).dtype;
    TORCHTRT_REQUIRE(kInternal, in[static_cast<size_t>(feeds[i])] == inside, "input ", feeds[i], " has type ",
                     in[static_cast<size_t>(feeds[i])], ", the body expects ", inside);
  }
}

std::vector<char> host_needs(const Graph& body, const std::vector<size_t>& host_outputs) {
  std::vector<ValueId> wanted;
  for (const size_t i : host_outputs) wanted.push_back(body.outputs().at(i));
  const Needs needs = find_needs(body, body.order(), wanted);
  std::vector<char> result;
  for (const ValueId input : body.inputs()) result.push_back(needs.host[static_cast<size_t>(input)]);
  return result;
}

bool can_fold_body(const Graph& body) {
  return std::all_of(body.nodes().begin(), body.nodes().end(),
                     [](const Node& node) { return !node.layer || (!is_effect(node) && node.layer->can_fold()); });
}

bool has_effect(const Graph& body) { return std::any_of(body.nodes().begin(), body.nodes().end(), is_effect); }

int body_depth(const Graph& graph) {
  int depth = 0;
  for (const Node& node : graph.nodes()) {
    if (!node.layer) continue;
    for (const Field& field : node.layer->fields())
      if (const auto* body = std::get_if<GraphRef>(&field.value); body && *body)
        depth = std::max(depth, 1 + body_depth(**body));
  }
  return depth;
}

void visit_graphs(const Graph& graph, const std::function<void(const Graph&)>& visit) {
  visit(graph);
  for (const Node& node : graph.nodes()) {
    if (!node.layer) continue;
    for (const Field& field : node.layer->fields())
      if (const auto* body = std::get_if<GraphRef>(&field.value); body && *body) visit_graphs(**body, visit);
  }
}

bool change_bodies(Graph& graph, const std::function<bool(Graph&)>& change) {
  bool any = false;
  for (NodeId id = 0; id < static_cast<NodeId>(graph.nodes().size()); ++id) {
    if (!graph.node(id).layer) continue;
    for (const Field& field : graph.node(id).layer->fields()) {
      const auto* body = std::get_if<GraphRef>(&field.value);
      if (!body || !*body) continue;
      Graph changed = (*body)->clone();
      const bool inner = change_bodies(changed, change);
      if (!change(changed) && !inner) continue;
      auto fresh = std::make_shared<Graph>(compact(changed));
      fresh->first_shape_error();  // brings it up to date: threads share it from now on
      graph.mutable_node(id).layer->set_field(field.name, GraphRef(std::move(fresh)));
      graph.touch(id);
      any = true;
    }
  }
  return any;
}

}  // namespace torchtrt::engine

// configure_plugins: every plugin of the schedule and of bodies in it, told its tensors with the ranges of each
// profile.
//   c1  an aliased output names one of the plugin's tensor inputs, each of them at most once
//   c2  an aliased output has the type and, at the opt shapes, the shape of its input
#include "core/engine/plan/plugins.h"

#include <algorithm>

#include "core/engine/graph/compact.h"
#include "core/engine/layers/plugin.h"
#include "core/engine/plan/body_view.h"
#include "core/engine/plan/corner.h"

namespace torchtrt::engine {
namespace {

// Shapes of the whole network at the corners of one profile.
struct Corners {
  Evaluation min, opt, max;
};

// A corner where the network cannot run has been warned about; what lies behind is as at definition time.
Evaluation evaluate_at(const Graph& graph, const std::vector<NodeId>& order, const Profile& profile, Corner corner) {
  Evaluation evaluation = start_at(graph, profile, corner);
  if (corner != Corner::kMin) evaluation.assume_largest();
  try {
    for (const NodeId id : order) evaluation.evaluate(id);
  } catch (const Error&) {
    if (corner == Corner::kOpt) throw;
  }
  return evaluation;
}

// `shape` with what is not known taken from `other`.
Shape filled(Shape shape, const Shape& other) {
  if (shape.rank() != other.rank()) return other;
  for (int axis = 0; axis < shape.rank(); ++axis)
    if (shape[axis] == kUnknown) shape[axis] = other[axis];
  return shape;
}

// The outputs of a plugin, at one corner.
Shapes output_shapes(const Node& node, const Evaluation& evaluation, const DimRule::SizeOf& size_of) {
  return as_plugin(*node.layer)->shapes_with(evaluation.args_of(node), size_of);
}

// The same at a corner where the network may not be able to run.
Shapes output_shapes_or(const Shapes& otherwise, const Node& node, const Evaluation& evaluation,
                        const DimRule::SizeOf& size_of) {
  try {
    return output_shapes(node, evaluation, size_of);
  } catch (const Error&) {
    return otherwise;
  }
}

PluginTensors tensors_at(const Graph& graph, const Node& node, const Corners& corners) {
  PluginTensors tensors;
  for (const auto* list : {&node.inputs, &node.outputs})
    for (const ValueId id : *list) tensors.push_back({graph.value(id).dtype, graph.value(id).shape});
  const auto smallest = [](int, DimRule::Number, DimRule::Number) -> DimRule::Number { return 0; };
  Shapes opt = output_shapes(node, corners.opt, size_at_opt);
  Shapes min = output_shapes_or(opt, node, corners.min, smallest);
  Shapes max = output_shapes_or(opt, node, corners.max, size_at_most);
  for (auto it = node.inputs.rbegin(); it != node.inputs.rend(); ++it) {
    min.insert(min.begin(), corners.min.shape(*it));
    opt.insert(opt.begin(), corners.opt.shape(*it));
    max.insert(max.begin(), corners.max.shape(*it));
  }
  for (size_t i = 0; i < tensors.size(); ++i) {
    tensors[i].max = filled(max[i], opt[i]);
    tensors[i].opt = filled(opt[i], max[i]);
    tensors[i].min = filled(min[i], Shape::filled(opt[i].rank(), 0));
  }
  return tensors;
}

void check_aliases(const PluginChoice& choice, const PluginLayer& op, const PluginBuild& build) {
  std::vector<int64_t> seen;
  const PluginTensors& tensors = build.profiles.front();
  for (size_t output = 0; output < choice.aliases.size(); ++output) {
    const int64_t input = choice.aliases[output];
    if (input < 0) continue;
    TORCHTRT_CHECK(input < op.tensors, "output ", output, " of ", op.title(), " is aliased to input ", input, " of ",
                   op.tensors);  // c1
    TORCHTRT_CHECK(std::find(seen.begin(), seen.end(), input) == seen.end(), "two outputs of ", op.title(),
                   " are aliased to its input ", input);  // c1
    seen.push_back(input);
    const PluginTensor &from = tensors[static_cast<size_t>(input)], &to = tensors[build.inputs + output];
    TORCHTRT_CHECK(from.dtype == to.dtype && from.opt == to.opt, "output ", output, ", ", to.dtype, ' ', to.opt,
                   ", of ", op.title(), " is aliased to its input ", input, ", which is ", from.dtype, ' ',
                   from.opt);  // c2
  }
}

std::vector<int64_t> numbers_of(const Types& types) {
  std::vector<int64_t> numbers;
  for (const DType type : types) numbers.push_back(static_cast<int64_t>(type));
  return numbers;
}

DimRule rule_at_definition(const Graph& graph, const Node& node) {
  Shapes shapes;
  std::vector<const HostValue*> values;
  Types types;
  for (const ValueId input : node.inputs) {
    const Value& value = graph.value(input);
    shapes.push_back(value.shape);
    values.push_back(value.host ? &*value.host : nullptr);
    types.push_back(value.dtype);
  }
  return as_plugin(*node.layer)->shape_rule({shapes, values, types});
}

void keep(const Graph& graph, const Node& node, const PluginBuild& build, PluginChoice choice, PluginLayer& op) {
  op.rule = rule_at_definition(graph, node).encoded();
  Types types;
  for (const PluginTensor& tensor : build.profiles.front()) types.push_back(tensor.dtype);
  op.graph_types = numbers_of(types);
  op.plugin_types = numbers_of(choice.types);
  op.aliases = choice.aliases;
  op.in_place.clear();
  for (const int64_t input : choice.aliases)
    if (input >= 0 && graph.value(node.inputs[static_cast<size_t>(input)]).producer == kNoId)
      op.in_place.push_back(input);
  op.tactic = choice.tactic;
  op.workspace = choice.workspace;
  op.data = std::move(choice.data);
  op.slot = std::make_shared<PluginLayer::Slot>();
  op.slot->object = std::move(choice.object);
}

void configure_one(Graph& graph, NodeId id, const std::vector<Corners>& corners, const PluginOptions& options) {
  const Node& node = graph.node(id);
  PluginLayer& op = *as_plugin(*graph.mutable_node(id).layer);
  try {
    PluginBuild build{{}, node.inputs.size(), options.asks_aliases, options.weak};
    for (const Corners& at : corners) build.profiles.push_back(tensors_at(graph, node, at));
    PluginChoice choice = op.slot->object->configure(build);
    check_aliases(choice, op, build);
    keep(graph, node, build, std::move(choice), op);
  } catch (const Error& error) {
    throw Error(error.kind(), describe_failure(graph, id, error.what()));
  }
  graph.touch(id);
}

// ---- plugins in bodies of loops and branches

bool has_plugins(const Graph& graph) {
  bool found = false;
  visit_graphs(graph, [&](const Graph& level) {
    for (const Node& node : level.nodes()) found = found || (node.layer && as_plugin(*node.layer));
  });
  return found;
}

// A branch that is not taken at this corner may not be able to run: what is behind the failure stays as it was defined.
Evaluation evaluate_inside(const Graph& body, const BodyArgs& args, bool largest) {
  Evaluation evaluation = start_body(body, args);
  if (largest) evaluation.assume_largest();
  try {
    for (const NodeId id : body.order()) evaluation.evaluate(id);
  } catch (const Error&) {
  }
  return evaluation;
}

BodyArgs args_at(const Node& node, const Evaluation& evaluation, size_t body) {
  return bodies_of(*node.layer, evaluation.args_of(node)).at(body).args;
}

void configure_level(Graph& graph, const std::vector<NodeId>& order, const std::vector<Corners>& corners,
                     const PluginOptions& options);

void configure_bodies(Graph& graph, NodeId id, const std::vector<Corners>& corners, const PluginOptions& options) {
  size_t position = 0;
  for (const Field& field : graph.node(id).layer->fields()) {
    const auto* body = std::get_if<GraphRef>(&field.value);
    if (!body || !*body) continue;
    const size_t i = position++;
    if (!has_plugins(**body)) continue;
    Graph inside = (*body)->clone();
    const auto at = [&](const Evaluation& outside, bool largest) {
      return evaluate_inside(inside, args_at(graph.node(id), outside, i), largest);
    };
    std::vector<Corners> inner;
    for (const Corners& outer : corners)
      inner.push_back({at(outer.min, false), at(outer.opt, true), at(outer.max, true)});
    configure_level(inside, inside.order(), inner, {options.weak, /*asks_aliases=*/false});
    auto fresh = std::make_shared<Graph>(compact(inside));
    fresh->first_shape_error();
    graph.mutable_node(id).layer->set_field(field.name, GraphRef(std::move(fresh)));
    graph.touch(id);
  }
}

void configure_level(Graph& graph, const std::vector<NodeId>& order, const std::vector<Corners>& corners,
                     const PluginOptions& options) {
  for (const NodeId id : order) {
    if (as_plugin(*graph.node(id).layer)) configure_one(graph, id, corners, options);
    configure_bodies(graph, id, corners, options);
  }
}

}  // namespace

void configure_plugins(Graph& graph, const std::vector<NodeId>& order, const std::vector<Profile>& profiles,
                       const PluginOptions& options) {
  if (!has_plugins(graph)) return;
  std::vector<Corners> corners;
  for (const Profile& profile : profiles)
    corners.push_back({evaluate_at(graph, order, profile, Corner::kMin),
                       evaluate_at(graph, order, profile, Corner::kOpt),
                       evaluate_at(graph, order, profile, Corner::kMax)});
  configure_level(graph, order, corners, options);
}

}  // namespace torchtrt::engine

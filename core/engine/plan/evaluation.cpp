// Evaluation: walks the rules of one node at a time.
#include "core/engine/plan/evaluation.h"

#include <algorithm>

namespace torchtrt::engine {

Evaluation::Evaluation(const Graph& graph) : graph_(graph) {
  shapes_.reserve(graph.value_count());
  hosts_.resize(graph.value_count());
  for (ValueId id = 0; id < graph.value_count(); ++id) {
    const Value& value = graph.value(id);
    shapes_.push_back(value.shape);
    if (value.host && value.host->is_known()) set_host(id, *value.host);
  }
}

ShapeArgs Evaluation::args_of(const Node& node) const {
  shapes_in_.clear();
  values_in_.clear();
  types_in_.clear();
  for (const ValueId id : node.inputs) {
    shapes_in_.push_back(id == kNoId ? Shape::invalid() : shapes_[id]);
    values_in_.push_back(id == kNoId ? nullptr : hosts_[id].get());
    types_in_.push_back(id == kNoId ? DType::kNone : graph_.stale_value(id).dtype);
  }
  return {shapes_in_, values_in_, types_in_};
}

ValueId Evaluation::missing_value(NodeId id) const {
  const Node& node = graph_.nodes()[id];
  const uint32_t wanted = node.layer->host_inputs();
  for (size_t i = 0; wanted && i < node.inputs.size(); ++i)
    if (names_input(wanted, i) && node.inputs[i] != kNoId && !is_host_known(node.inputs[i])) return node.inputs[i];
  return kNoId;
}

Outcome Evaluation::evaluate(NodeId id) {
  const Node& node = graph_.nodes()[id];
  const auto known = [&](ValueId value) { return is_host_known(value); };
  // Constants were folded at definition time, whatever the inputs' shapes are.
  if (!node.outputs.empty() && std::all_of(node.outputs.begin(), node.outputs.end(), known)) return Outcome::kFolded;
  try {
    const ShapeArgs args = args_of(node);
    Shapes shapes = node.layer->infer_shapes(args);
    TORCHTRT_REQUIRE(kInternal, shapes.size() == node.outputs.size(), "the rule answers ", shapes.size(),
                     " shapes for ", node.outputs.size(), " outputs");
    const bool bounds = !bounded_.empty() && bound(node, args, shapes);
    bool complete = true;
    for (size_t i = 0; i < shapes.size(); ++i) {
      shapes_[node.outputs[i]] = shapes[i];
      complete = complete && shapes[i].is_known();
    }
    if (complete && !bounds && fold(node, args)) return Outcome::kFolded;
    if (missing_value(id) != kNoId) return Outcome::kNeedsValue;
    return complete ? Outcome::kRun : Outcome::kDataDependent;
  } catch (const Error& error) {
    throw Error(error.kind(), describe_failure(graph_, id, error.what(), shapes_));
  }
}

// Whether the outputs' shapes are upper bounds: its own, or because an input's is one.
bool Evaluation::bound(const Node& node, const ShapeArgs& args, Shapes& shapes) {
  const bool open = std::any_of(shapes.begin(), shapes.end(), [](const Shape& shape) { return !shape.is_known(); });
  if (open) shapes = node.layer->max_shapes(args);
  const bool bounds = open || std::any_of(node.inputs.begin(), node.inputs.end(),
                                          [&](ValueId input) { return input != kNoId && bounded_[input]; });
  for (const ValueId output : node.outputs) bounded_[output] = bounds;
  return bounds;
}

// Whether all outputs are known; those known in part are kept as well, rules further on may need just that part.
bool Evaluation::fold(const Node& node, const ShapeArgs& args) {
  if (!node.layer->can_fold()) return false;
  for (const ValueId output : node.outputs)
    if (shapes_[output].volume() > kMaxHostElements) return false;
  std::optional<HostValues> values = node.layer->fold(args);
  if (!values) return false;
  bool complete = true;
  for (size_t i = 0; i < node.outputs.size(); ++i) {
    complete = complete && (*values)[i].is_known();
    set_host(node.outputs[i], std::move((*values)[i]));
  }
  return complete;
}

}  // namespace torchtrt::engine

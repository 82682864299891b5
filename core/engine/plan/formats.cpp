// Formats: which boundary tensors are reformatted.
//   c1  a shape tensor is row major
//   c2  rank, type and kind of format: those of Reformat
//   c3  a layer inside a loop or conditional reformats nothing: its tensors are not the caller's
#include "core/engine/plan/formats.h"

#include <algorithm>

#include "core/engine/layers/reformat.h"
#include "core/engine/plan/body.h"

namespace torchtrt::engine {
namespace {

NodeId add_reformat(Graph& graph, ValueId value, Format format, bool to_format) {
  const std::string name = graph.stale_value(value).name;
  try {
    const NodeId node = graph.add(Reformat{format, to_format}, {value});
    graph.set_name(node, join("Reformatting layer for ", to_format ? "output " : "input ", name));
    if (const auto error = graph.shape_error(node)) TORCHTRT_THROW(kInvalidConfig, *error);
    return node;
  } catch (const Error& error) {
    throw Error(error.kind(), join(to_format ? "output \"" : "input \"", name, "\" does not allow kLINEAR: ",
                                   error.what(), "\n  Allow kLINEAR for it (ITensor::setAllowedFormats)"));
  }
}

void reformat_input(Graph& graph, ValueId input, Format format) {
  const NodeId node = add_reformat(graph, input, format, false);
  const ValueId inner = graph.node(node).outputs[0];
  graph.set_value_name(inner, graph.stale_value(input).name + " (row major)");
  for (const NodeId user : graph.users(input)) {
    if (user == node) continue;
    const std::vector<ValueId> inputs = graph.node(user).inputs;
    for (size_t i = 0; i < inputs.size(); ++i)
      if (inputs[i] == input) graph.set_input(user, static_cast<int>(i), inner);
  }
}

void reformat_output(Graph& graph, ValueId output, Format format) {
  TORCHTRT_CHECK(!graph.is_shape_output(output), "shape output \"", graph.stale_value(output).name,
                 "\" does not allow kLINEAR, the only format of shape tensors");  // c1
  const NodeId node = add_reformat(graph, output, format, true);
  const ValueId outer = graph.node(node).outputs[0];
  graph.set_value_name(outer, graph.stale_value(output).name);
  std::swap(graph.mutable_value(outer).allowed_formats, graph.mutable_value(output).allowed_formats);
  graph.replace_output(output, outer);
  if (!graph.is_debug(output)) graph.set_value_name(output, graph.stale_value(outer).name + " (row major)");
}

}  // namespace

void add_reformats(Graph& graph) {
  const std::vector<ValueId> inputs = graph.inputs(), outputs = graph.outputs();
  for (const ValueId id : inputs)
    if (const Format format = chosen_format(graph.stale_value(id).allowed_formats); format != Format::kLinear)
      reformat_input(graph, id, format);
  for (const ValueId id : outputs)
    if (const Format format = chosen_format(graph.stale_value(id).allowed_formats); format != Format::kLinear)
      reformat_output(graph, id, format);
}

void check_reformats(const Plan& plan) {
  const auto format_at = [&](ValueId value, bool is_input) {
    const auto found = std::find_if(plan.bindings.begin(), plan.bindings.end(),
                                    [&](const Binding& b) { return b.value == value && b.is_input == is_input; });
    return found == plan.bindings.end() ? Format::kLinear : found->format;
  };
  for (const NodeId id : plan.order) {
    const Node& node = plan.graph.node(id);
    const auto* op = as<Reformat>(*node.layer);
    if (!op) continue;
    const ValueId outside = op->to_format ? node.outputs.at(0) : node.inputs.at(0);
    TORCHTRT_REQUIRE(kInvalidConfig, format_at(outside, !op->to_format) == op->format, "layer \"", node.name,
                     "\" reads or writes format ", row_of(op->format).name, " where the engine has another");
  }
  visit_graphs(plan.graph, [&](const Graph& level) {
    for (const Node& node : level.nodes())
      TORCHTRT_REQUIRE(kInvalidConfig, &level == &plan.graph || !node.layer || !as<Reformat>(*node.layer), "layer \"",
                       node.name, "\" reads or writes the caller's memory from inside a loop or conditional");  // c3
  });
  for (const Binding& binding : plan.bindings)  // c1
    TORCHTRT_CHECK(binding.format == Format::kLinear || !binding.on_host, "shape tensor \"", binding.name,
                   "\" does not allow kLINEAR, the only format of shape tensors");
}

}  // namespace torchtrt::engine

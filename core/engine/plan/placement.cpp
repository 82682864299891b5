// Placement: one backward walk over the schedule.
#include "core/engine/plan/placement.h"

#include <algorithm>

#include "core/engine/plan/loop.h"

namespace torchtrt::engine {
namespace {

constexpr int64_t kMaxInputElements = 64;

bool is_shape_type(DType dtype) { return is_index(dtype) || dtype == DType::kBool || dtype == DType::kFloat32; }

bool fits_the_host(const Value& value, int64_t limit) {
  return is_shape_type(value.dtype) && value.shape.is_known() && value.shape.volume() <= limit;
}

// Values of types that no shape tensor has are not on the host, and nor is what is computed of them. Outputs of loops
// are no shape tensors: they are on the host if the host happens to know what the loop takes.
bool is_folded(const Graph& graph, const Node& node) {
  if (as<Loop>(*node.layer)) return false;
  const uint32_t shape_only = node.layer->shape_only_inputs();
  for (size_t i = 0; i < node.inputs.size(); ++i)
    if (const ValueId input = node.inputs[i]; input != kNoId && !names_input(shape_only, i))
      if (!is_shape_type(graph.stale_value(input).dtype)) return false;
  return node.layer->can_fold() && std::all_of(node.outputs.begin(), node.outputs.end(), [&](ValueId output) {
           return fits_the_host(graph.value(output), kMaxHostElements);
         });
}

bool is_constant(const Value& value) { return value.host && value.host->is_known(); }

void walk(const Graph& graph, const Node& node, Needs& needs) {
  const bool constant = !node.outputs.empty() && std::all_of(node.outputs.begin(), node.outputs.end(),
                                                             [&](ValueId id) { return is_constant(graph.value(id)); });
  const auto any = [&](const std::vector<char>& set) {
    return std::any_of(node.outputs.begin(), node.outputs.end(), [&](ValueId id) { return set[id] != 0; });
  };
  const bool folded = any(needs.host) && is_folded(graph, node);
  if (any(needs.host) && !folded && !constant)  // runs on the device and is read back
    for (const ValueId output : node.outputs) needs.device[output] = needs.device[output] || needs.host[output];
  const bool runs = !folded && !constant && (node.outputs.empty() || node.layer->has_effect() || any(needs.device));
  const uint32_t host = node.layer->host_inputs(), shape_only = node.layer->shape_only_inputs();
  for (size_t i = 0; i < node.inputs.size(); ++i) {
    const ValueId input = node.inputs[i];
    if (input == kNoId || constant || names_input(shape_only, i)) continue;
    if (names_input(host, i) || folded) needs.host[input] = 1;
    if (runs && !names_input(host, i)) needs.device[input] = 1;
  }
}

}  // namespace

bool can_be_on_host(const Graph& graph, ValueId value) {
  const bool input = graph.stale_value(value).producer == kNoId;
  return fits_the_host(graph.value(value), input ? kMaxInputElements : kMaxHostElements);
}

Needs find_needs(const Graph& graph, const std::vector<NodeId>& order, const std::vector<ValueId>& host_values) {
  Needs needs{std::vector<char>(graph.value_count(), 0), std::vector<char>(graph.value_count(), 0)};
  for (const ValueId output : graph.outputs()) needs.device[output] = 1;
  for (const ValueId output : graph.shape_outputs()) needs.host[output] = 1;
  for (const ValueId value : host_values) needs.host[value] = 1;
  for (const ValueId value : graph.debug_values()) needs.device[value] = 1;
  for (auto it = order.rbegin(); it != order.rend(); ++it) walk(graph, graph.node(*it), needs);
  for (const ValueId input : graph.inputs())  // too large to be given in host memory: read back
    if (needs.host[input] && !fits_the_host(graph.value(input), kMaxInputElements)) needs.device[input] = 1;
  return needs;
}

std::vector<ValueId> host_inputs_of(const Graph& graph, const Needs& needs) {
  std::vector<ValueId> result;
  for (const ValueId input : graph.inputs())
    if (needs.host[input] && fits_the_host(graph.value(input), kMaxInputElements)) result.push_back(input);
  return result;
}

std::vector<Binding> bindings_of(const Graph& graph, const std::vector<ValueId>& host_inputs) {
  std::vector<Binding> bindings;
  const auto add = [&](ValueId id, bool is_input, bool on_host) {
    const Value& value = graph.value(id);
    bindings.push_back(
        {value.name, id, is_input, on_host, on_host, value.dtype, value.shape, chosen_format(value.allowed_formats)});
  };
  for (const ValueId id : graph.inputs())
    add(id, true, std::find(host_inputs.begin(), host_inputs.end(), id) != host_inputs.end());
  for (const ValueId id : graph.outputs()) add(id, false, false);
  for (const ValueId id : graph.shape_outputs())
    if (!graph.is_output(id)) add(id, false, true);
  return bindings;
}

}  // namespace torchtrt::engine

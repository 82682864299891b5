// strengthen: weakly typed network -> strongly typed one that computes in float32.
//
//   input half           ->  input half, Cast to float32
//   weights half         ->  weights float32
//   annotation half      ->  annotation float32
//   output set to half   ->  Cast to half, output
//
// Valid because the precision of a weakly typed network is the engine's choice (layers.md 1.4).
#include <ATen/ops/from_blob.h>

#include <tuple>

#include "core/engine/layers/cast.h"
#include "core/engine/layers/kernel.h"
#include "core/engine/passes/passes.h"

namespace torchtrt::engine {

Weights to_float32(const Weights& weights) { return to_real(weights, DType::kFloat32); }

Weights to_real(const Weights& weights, DType dtype) {
  const at::Tensor given =
      at::from_blob(const_cast<void*>(weights.data), {weights.count}, at::TensorOptions(scalar_type_of(weights.dtype)));
  auto converted = std::make_shared<at::Tensor>(given.to(scalar_type_of(dtype)));
  Weights result = weights;
  result.dtype = dtype;
  result.data = converted->const_data_ptr();
  result.owner = converted;
  return result;
}

namespace {

// Places of the network's values in the new graph.
using Places = std::vector<ValueId>;

std::unique_ptr<Layer> in_float32(const Layer& layer) {
  std::unique_ptr<Layer> result = layer.clone();
  for (const Field& field : layer.fields()) {
    if (const auto* weights = std::get_if<Weights>(&field.value)) {
      if (weights->dtype == DType::kFloat32 || !is_floating(weights->dtype)) continue;
      Weights changed = *weights;
      changed.dtype = DType::kFloat32;
      result->set_field(field.name, weights->empty() ? changed : to_float32(*weights));
    } else if (field.name == "to_type" && std::holds_alternative<int64_t>(field.value)) {
      if (is_floating(static_cast<DType>(std::get<int64_t>(field.value))))
        result->set_field(field.name, static_cast<int64_t>(DType::kFloat32));
    }
  }
  return result;
}

ValueId cast_to(Graph& graph, ValueId value, DType dtype) {
  if (graph.stale_value(value).dtype == dtype) return value;
  const NodeId cast = graph.add(Cast{dtype}, {value});
  graph.set_name(cast, join(graph.stale_value(value).name, "_to_", dtype));
  return graph.node(cast).outputs[0];
}

Places add_inputs(const Graph& network, Graph& graph) {
  Places places(network.value_count(), kNoId);
  for (const ValueId id : network.inputs()) {
    const Value& value = network.value(id);
    places[id] = graph.add_input(value.name, value.dtype, value.shape);
    graph.mutable_value(places[id]).dim_names = value.dim_names;
    graph.mutable_value(places[id]).allowed_formats = value.allowed_formats;
  }
  for (const ValueId id : network.inputs())
    if (is_floating(network.value(id).dtype)) places[id] = cast_to(graph, places[id], DType::kFloat32);
  return places;
}

void add_nodes(const Graph& network, Graph& graph, Places& places) {
  std::vector<std::tuple<NodeId, size_t, ValueId>> late;  // recurrences' next values are computed behind them
  for (const NodeId id : network.order()) {
    const Node& node = network.node(id);
    std::vector<ValueId> inputs;
    for (const ValueId input : node.inputs) inputs.push_back(input == kNoId ? kNoId : places[input]);  // late: not yet
    const NodeId added = graph.add_node(in_float32(*node.layer), std::move(inputs));
    graph.set_name(added, node.name);
    graph.mutable_node(added).metadata = node.metadata;
    for (size_t i = 0; i < node.outputs.size(); ++i) {
      places[node.outputs[i]] = graph.node(added).outputs[i];
      graph.set_value_name(places[node.outputs[i]], network.value(node.outputs[i]).name);
    }
    for (size_t i = 0; i < node.inputs.size(); ++i)
      if (names_input(node.layer->late_inputs(), i) && node.inputs[i] != kNoId)
        late.emplace_back(added, i, node.inputs[i]);
  }
  for (const auto& [node, i, input] : late) graph.set_input(node, static_cast<int>(i), places[input]);
}

}  // namespace

Graph strengthen(const Graph& network) {
  if (network.strongly_typed()) return network.clone();
  Graph graph;
  graph.rename(network.name());
  graph.set_regions(network.regions());
  Places places = add_inputs(network, graph);
  add_nodes(network, graph, places);
  Places marked(network.value_count(), kNoId);  // outputs, behind their Casts
  for (const ValueId id : network.outputs()) {
    const Value& wanted = network.value(id);
    const ValueId output = cast_to(graph, places[id], wanted.dtype);
    if (output != places[id]) graph.set_value_name(places[id], wanted.name + "_float32");
    graph.set_value_name(output, wanted.name);
    graph.mutable_value(output).allowed_formats = wanted.allowed_formats;
    graph.mark_output(output);
    marked[id] = output;
  }
  for (const ValueId id : network.shape_outputs()) graph.mark_shape_output(places[id]);
  for (const ValueId id : network.debug_values()) graph.mark_debug(marked[id] == kNoId ? places[id] : marked[id]);
  return graph;
}

}  // namespace torchtrt::engine

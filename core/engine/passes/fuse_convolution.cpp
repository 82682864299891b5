// relu(Convolution(x, W, b) + residual)  ->  FusedConvolution(x, W, b, residual), with relu
//
// Sum and relu may be absent: a FusedConvolution alone has constant weights, which are brought into the best layout
// once. Valid for two kernel axes, equal paddings on both sides, a residual of the result's shape, constant weights,
// and intermediate tensors that nothing else uses.
#include "core/engine/layers/activation.h"
#include "core/engine/layers/elementwise.h"
#include "core/engine/layers/fused_convolution.h"
#include "core/engine/passes/list.h"
#include "core/engine/passes/rewrite.h"

namespace torchtrt::engine {
namespace {

bool is_constant(const Graph& graph, ValueId value) { return producer_as<Constant>(graph, value) != nullptr; }

// Convolution -> FusedConvolution alone: it takes its weights as constants, so they can be packed once.
bool start(Graph& graph, NodeId id) {
  const auto* op = as<Convolution>(*graph.node(id).layer);
  const std::vector<ValueId>& inputs = graph.node(id).inputs;
  if (!op || inputs.size() < 2 || !op->kernel.empty() || !op->bias.empty() || op->kernel_size.size() != 2) return false;
  if (op->padding_mode != PaddingMode::kExplicitRoundDown || op->pre_padding != op->post_padding) return false;
  if (!is_constant(graph, inputs[1]) || (inputs.size() > 2 && inputs[2] != kNoId && !is_constant(graph, inputs[2])))
    return false;
  FusedConvolution fused;
  static_cast<Convolution&>(fused) = *op;
  const std::vector<ValueId> copy = inputs;
  take_over(graph, graph.node(id).outputs[0], graph.node(graph.add(fused, copy)).outputs[0]);
  return true;
}

// The FusedConvolution behind a value, if the value can vanish into what follows.
const FusedConvolution* open(const Graph& graph, ValueId value) {
  const auto* op = producer_as<FusedConvolution>(graph, value);
  return op && !op->relu && is_private(graph, value) ? op : nullptr;
}

bool add_residual(Graph& graph, NodeId id) {
  const auto* sum = as<ElementWise>(*graph.node(id).layer);
  if (!sum || sum->op != ElementWiseOp::kSum) return false;
  const ValueId result = graph.node(id).outputs[0];
  for (const size_t side : {1, 0}) {
    const ValueId value = graph.node(id).inputs[side], residual = graph.node(id).inputs[1 - side];
    const FusedConvolution* op = open(graph, value);
    if (!op || value == residual || is_constant(graph, residual)) continue;
    std::vector<ValueId> inputs = producer_of(graph, value).inputs;
    inputs.resize(3, kNoId);
    const Shape &a = graph.value(residual).shape, &b = graph.value(value).shape;
    if (producer_of(graph, value).inputs.size() > 3 || a.rank() != 4 || a != b) continue;
    if (graph.value(result).shape != a) continue;
    inputs.push_back(residual);
    const FusedConvolution copy = *op;
    take_over(graph, result, graph.node(graph.add(copy, inputs)).outputs[0]);
    return true;
  }
  return false;
}

bool add_relu(Graph& graph, NodeId id) {
  const auto* relu = as<Activation>(*graph.node(id).layer);
  if (!relu || relu->type != ActivationType::kRelu) return false;
  const ValueId value = graph.node(id).inputs[0];
  const FusedConvolution* op = open(graph, value);
  if (!op) return false;
  FusedConvolution copy = *op;
  copy.relu = true;
  const std::vector<ValueId> inputs = producer_of(graph, value).inputs;
  take_over(graph, graph.node(id).outputs[0], graph.node(graph.add(copy, inputs)).outputs[0]);
  return true;
}

}  // namespace

bool fuse_convolution(Graph& graph) {
  bool changed = false;
  for (const NodeId id : graph.order()) changed = start(graph, id) || changed;
  if (!changed) return false;
  for (const NodeId id : graph.order()) add_residual(graph, id);
  for (const NodeId id : graph.order()) add_relu(graph, id);
  return true;
}

}  // namespace torchtrt::engine

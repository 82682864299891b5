// Convolution(x){kernel, bias}  ->  Convolution(x, Constant(kernel), Constant(bias)); Deconvolution and Scale alike.
//
// Constants are placed on the device once, when a plan is loaded; weights inside a layer would travel at every run.
// Always valid: the layers take either form.
#include "core/engine/layers/convolution.h"
#include "core/engine/layers/deconvolution.h"
#include "core/engine/layers/scale.h"
#include "core/engine/passes/list.h"
#include "core/engine/passes/rewrite.h"

namespace torchtrt::engine {
namespace {

// Moves `weights`, a field of the node's layer, to input `index`.
bool move_out(Graph& graph, NodeId id, Weights& weights, const char* role, int index, const Shape& shape) {
  if (weights.empty()) return false;
  const ValueId constant = add_constant(graph, weights, shape, join(graph.node(id).name, " ", role));
  weights = Weights{weights.dtype, 0, nullptr, nullptr, ""};
  std::vector<ValueId>& inputs = graph.mutable_node(id).inputs;
  if (static_cast<int>(inputs.size()) <= index) inputs.resize(index + 1, kNoId);
  inputs[index] = constant;
  graph.touch(id);
  return true;
}

template <class Op>
bool move_kernel(Graph& graph, NodeId id, bool transposed) {
  auto* op = as<Op>(*graph.mutable_node(id).layer);
  if (!op) return false;
  const int64_t channels = graph.value(graph.node(id).inputs[0]).shape[1];
  Shape kernel =
      transposed ? Shape{channels, op->output_maps / op->groups} : Shape{op->output_maps, channels / op->groups};
  for (const int64_t length : op->kernel_size) kernel.push_back(length);
  const bool moved_bias = move_out(graph, id, op->bias, "bias", 2, Shape{op->output_maps});
  return move_out(graph, id, op->kernel, "kernel", 1, kernel) || moved_bias;
}

bool move_parameters(Graph& graph, NodeId id) {
  auto* op = as<Scale>(*graph.mutable_node(id).layer);
  if (!op) return false;
  bool changed = move_out(graph, id, op->shift, "shift", 1, Shape{op->shift.count});
  changed = move_out(graph, id, op->scale, "scale", 2, Shape{op->scale.count}) || changed;
  return move_out(graph, id, op->power, "power", 3, Shape{op->power.count}) || changed;
}

}  // namespace

bool weights_to_inputs(Graph& graph) {
  bool changed = false;
  for (const NodeId id : graph.order()) {
    changed = move_kernel<Convolution>(graph, id, false) || changed;
    changed = move_kernel<Deconvolution>(graph, id, true) || changed;
    changed = move_parameters(graph, id) || changed;
  }
  return changed;
}

}  // namespace torchtrt::engine

// f(Linear(x, W, b))  ->  FusedLinear(x, W, b), with activation f
//
// f is relu, gelu, sigmoid, tanh, or silu, given as y * sigmoid(y). Valid for products that nothing else uses. Where
// elementwise layers follow, only those stay in the product that CUDA computes within it; the others go with what
// follows.
#include <algorithm>

#include "core/engine/layers/activation.h"
#include "core/engine/layers/elementwise.h"
#include "core/engine/layers/fused_linear.h"
#include "core/engine/passes/list.h"
#include "core/engine/passes/rewrite.h"

namespace torchtrt::engine {
namespace {

std::optional<LinearActivation> plain_activation(const Layer& layer) {
  const auto* op = as<Activation>(layer);
  if (!op) return std::nullopt;
  switch (op->type) {
    case ActivationType::kRelu:
      return LinearActivation::kRelu;
    case ActivationType::kGeluErf:
      return LinearActivation::kGeluErf;
    case ActivationType::kGeluTanh:
      return LinearActivation::kGeluTanh;
    case ActivationType::kSigmoid:
      return LinearActivation::kSigmoid;
    case ActivationType::kTanh:
      return LinearActivation::kTanh;
    default:
      return std::nullopt;
  }
}

// Whether the node is y * sigmoid(y) for a y that nothing else uses.
bool is_silu(const Graph& graph, NodeId id, ValueId y) {
  const auto* op = as<ElementWise>(*graph.node(id).layer);
  if (!op || op->op != ElementWiseOp::kProd || is_marked(graph, y)) return false;
  const std::vector<ValueId>& inputs = graph.node(id).inputs;
  const ValueId gate = inputs[0] == y ? inputs[1] : inputs[0];
  const auto* sigmoid = producer_as<Activation>(graph, gate);
  if (!sigmoid || sigmoid->type != ActivationType::kSigmoid || !is_private(graph, gate)) return false;
  return input_of(graph, gate, 0) == y && graph.users(y).size() == 2;
}

bool feeds_elementwise(const Graph& graph, ValueId value) {
  const std::vector<NodeId> users = graph.users(value);
  return std::any_of(users.begin(), users.end(),
                     [&](NodeId id) { return as<ElementWise>(*graph.node(id).layer) != nullptr; });
}

bool rewrite(Graph& graph, NodeId id, ValueId y, LinearActivation activation) {
  const bool within = activation == LinearActivation::kRelu || activation == LinearActivation::kGeluTanh;
  const ValueId result = graph.node(id).outputs[0];
  if (!producer_as<Linear>(graph, y) || (!within && feeds_elementwise(graph, result))) return false;
  FusedLinear fused;
  fused.activation = activation;
  const std::vector<ValueId> inputs = producer_of(graph, y).inputs;
  take_over(graph, result, graph.node(graph.add(fused, inputs)).outputs[0]);
  return true;
}

}  // namespace

bool fuse_linear(Graph& graph) {
  bool changed = false;
  for (const NodeId id : graph.order()) {
    const std::vector<ValueId> inputs = graph.node(id).inputs;
    if (inputs.empty() || inputs[0] == kNoId) continue;
    if (const auto activation = plain_activation(*graph.node(id).layer)) {
      changed = (is_private(graph, inputs[0]) && rewrite(graph, id, inputs[0], *activation)) || changed;
    } else if (as<ElementWise>(*graph.node(id).layer)) {
      for (const ValueId y : inputs)
        if (is_silu(graph, id, y) && rewrite(graph, id, y, LinearActivation::kSilu)) {
          changed = true;
          break;
        }
    }
  }
  return changed;
}

}  // namespace torchtrt::engine

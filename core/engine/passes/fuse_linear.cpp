// f(Linear(x, W, b))  ->  FusedLinear(x, W, b), with activation f
//
// f is relu, gelu, sigmoid, tanh, or silu, given as y * sigmoid(y), perhaps in float32; a Shuffle between the two goes
// behind. Valid for products that nothing else uses. Where elementwise layers follow, the activation goes with them.
#include <algorithm>

#include "core/engine/layers/activation.h"
#include "core/engine/layers/cast.h"
#include "core/engine/layers/elementwise.h"
#include "core/engine/layers/fused_linear.h"
#include "core/engine/layers/shuffle.h"
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

// y of y * sigmoid(y) for a y that nothing else uses; kNoId: something else.
ValueId plain_silu_of(const Graph& graph, NodeId id) {
  const auto* op = as<ElementWise>(*graph.node(id).layer);
  if (!op || op->op != ElementWiseOp::kProd) return kNoId;
  for (const size_t side : {0, 1}) {
    const ValueId y = graph.node(id).inputs[side], gate = graph.node(id).inputs[1 - side];
    const auto* sigmoid = producer_as<Activation>(graph, gate);
    if (!sigmoid || sigmoid->type != ActivationType::kSigmoid || !is_private(graph, gate) || is_marked(graph, y))
      continue;
    if (input_of(graph, gate, 0) == y && graph.users(y).size() == 2) return y;
  }
  return kNoId;
}

// The same, perhaps computed in float32 and rounded once, as the activation does itself.
ValueId silu_of(const Graph& graph, NodeId id) {
  if (!as<Cast>(*graph.node(id).layer)) return plain_silu_of(graph, id);
  const ValueId result = graph.node(id).inputs[0];
  if (!producer_as<ElementWise>(graph, result) || !is_private(graph, result)) return kNoId;
  const ValueId wide = plain_silu_of(graph, graph.stale_value(result).producer);
  if (wide == kNoId || !producer_as<Cast>(graph, wide) || graph.value(wide).dtype != DType::kFloat32) return kNoId;
  const ValueId y = input_of(graph, wide, 0);
  return is_private(graph, y) && graph.value(y).dtype == graph.value(graph.node(id).outputs[0]).dtype ? y : kNoId;
}

bool feeds_elementwise(const Graph& graph, ValueId value) {
  const std::vector<NodeId> users = graph.users(value);
  return std::any_of(users.begin(), users.end(),
                     [&](NodeId id) { return as<ElementWise>(*graph.node(id).layer) != nullptr; });
}

// The product behind y, perhaps in another shape: what is done to each element may be done before. kNoId: something
// else.
ValueId product_of(const Graph& graph, ValueId y) {
  if (producer_as<Linear>(graph, y)) return y;
  if (!producer_as<Shuffle>(graph, y)) return kNoId;
  const ValueId inside = input_of(graph, y, 0);
  return producer_as<Linear>(graph, inside) && is_private(graph, inside) ? inside : kNoId;
}

bool rewrite(Graph& graph, NodeId id, ValueId y, LinearActivation activation) {
  const ValueId result = graph.node(id).outputs[0], product = product_of(graph, y);
  if (product == kNoId || feeds_elementwise(graph, result)) return false;
  FusedLinear fused;
  fused.activation = activation;
  const std::vector<ValueId> inputs = producer_of(graph, product).inputs;
  const ValueId activated = graph.node(graph.add(fused, inputs)).outputs[0];
  if (product == y) {
    take_over(graph, result, activated);
    return true;
  }
  take_over(graph, product, activated);
  std::vector<ValueId> moved = producer_of(graph, y).inputs;
  moved[0] = activated;
  const Shuffle shuffle = *producer_as<Shuffle>(graph, y);
  take_over(graph, result, graph.node(graph.add(shuffle, moved)).outputs[0]);
  return true;
}

}  // namespace

bool fuse_linear(Graph& graph) {
  bool changed = false;
  for (const NodeId id : graph.order()) {
    ValueId y = silu_of(graph, id);
    std::optional<LinearActivation> activation = LinearActivation::kSilu;
    if (y == kNoId) {
      activation = plain_activation(*graph.node(id).layer);
      if (!activation || !is_private(graph, graph.node(id).inputs[0])) continue;
      y = graph.node(id).inputs[0];
    }
    changed = rewrite(graph, id, y, *activation) || changed;
  }
  return changed;
}

}  // namespace torchtrt::engine

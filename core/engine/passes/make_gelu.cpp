// 0.5 * x * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 * x^3)))  ->  Activation(x), GELU_TANH
//
// Operands of sums and products may come in either order, x^3 may be x * x * x or a power, and the factor 0.5 may stand
// before any of its factors. Valid for scalar constants that equal the formula's as far as the type can tell, and
// intermediate tensors that nothing else uses. The result is rounded once.
#include <cmath>

#include "core/engine/layers/activation.h"
#include "core/engine/layers/elementwise.h"
#include "core/engine/passes/list.h"
#include "core/engine/passes/rewrite.h"

namespace torchtrt::engine {
namespace {

constexpr double kTolerance = 4e-3;  // bfloat16 keeps 8 bits

bool is_number(const Graph& graph, ValueId value, double wanted) {
  const auto number = value == kNoId ? std::nullopt : uniform_value(graph, value);
  return number && std::fabs(*number - wanted) <= kTolerance * std::fabs(wanted);
}

// The operand beside the scalar `number` of a private sum or product; kNoId: it is something else.
ValueId beside(const Graph& graph, ValueId value, ElementWiseOp wanted, double number) {
  const auto* op = producer_as<ElementWise>(graph, value);
  if (!op || op->op != wanted || !is_private(graph, value)) return kNoId;
  for (const int side : {0, 1})
    if (is_number(graph, input_of(graph, value, side), number)) return input_of(graph, value, 1 - side);
  return kNoId;
}

const ElementWise* binary(const Graph& graph, ValueId value, ElementWiseOp wanted) {
  const auto* op = producer_as<ElementWise>(graph, value);
  return op && op->op == wanted ? op : nullptr;
}

bool is_square(const Graph& graph, ValueId value, ValueId x) {
  if (!is_private(graph, value)) return false;
  if (binary(graph, value, ElementWiseOp::kPow))
    return input_of(graph, value, 0) == x && is_number(graph, input_of(graph, value, 1), 2);
  return binary(graph, value, ElementWiseOp::kProd) && input_of(graph, value, 0) == x && input_of(graph, value, 1) == x;
}

bool is_cube(const Graph& graph, ValueId value, ValueId x) {
  if (!is_private(graph, value)) return false;
  if (binary(graph, value, ElementWiseOp::kPow))
    return input_of(graph, value, 0) == x && is_number(graph, input_of(graph, value, 1), 3);
  if (!binary(graph, value, ElementWiseOp::kProd)) return false;
  for (const int side : {0, 1})
    if (input_of(graph, value, side) == x && is_square(graph, input_of(graph, value, 1 - side), x)) return true;
  return false;
}

// x of 1 + tanh(sqrt(2 / pi) * (x + 0.044715 * x^3)).
ValueId inside_of(const Graph& graph, ValueId sum) {
  const ValueId tanh = beside(graph, sum, ElementWiseOp::kSum, 1);
  const auto* op = tanh == kNoId ? nullptr : producer_as<Activation>(graph, tanh);
  if (!op || op->type != ActivationType::kTanh || !is_private(graph, tanh)) return kNoId;
  const ValueId inner = beside(graph, input_of(graph, tanh, 0), ElementWiseOp::kProd, std::sqrt(2 / std::acos(-1.0)));
  if (inner == kNoId || !binary(graph, inner, ElementWiseOp::kSum) || !is_private(graph, inner)) return kNoId;
  for (const int side : {0, 1}) {
    const ValueId x = input_of(graph, inner, side);
    const ValueId cube = beside(graph, input_of(graph, inner, 1 - side), ElementWiseOp::kProd, 0.044715);
    if (cube != kNoId && is_cube(graph, cube, x)) return x;
  }
  return kNoId;
}

// x of the whole product; kNoId: it is something else.
ValueId argument_of(const Graph& graph, NodeId id) {
  const auto* op = as<ElementWise>(*graph.node(id).layer);
  if (!op || op->op != ElementWiseOp::kProd) return kNoId;
  const std::vector<ValueId>& inputs = graph.node(id).inputs;
  for (const size_t side : {0, 1}) {
    const ValueId first = inputs[side], second = inputs[1 - side];
    if (const ValueId x = inside_of(graph, second); x != kNoId)  // (0.5 * x) * (...)
      if (beside(graph, first, ElementWiseOp::kProd, 0.5) == x) return x;
    if (!is_number(graph, first, 0.5) || !binary(graph, second, ElementWiseOp::kProd) || !is_private(graph, second))
      continue;
    for (const int other : {0, 1})  // 0.5 * (x * (...))
      if (const ValueId x = inside_of(graph, input_of(graph, second, 1 - other)); x != kNoId)
        if (input_of(graph, second, other) == x) return x;
  }
  return kNoId;
}

}  // namespace

bool make_gelu(Graph& graph) {
  bool changed = false;
  for (const NodeId id : graph.order()) {
    const ValueId x = argument_of(graph, id), old = x == kNoId ? kNoId : graph.node(id).outputs[0];
    if (x == kNoId || graph.value(x).shape != graph.value(old).shape) continue;
    take_over(graph, old, graph.node(graph.add(Activation{ActivationType::kGeluTanh, 0, 0}, {x})).outputs[0]);
    changed = true;
  }
  return changed;
}

}  // namespace torchtrt::engine

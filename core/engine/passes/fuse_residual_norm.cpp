// Normalization(a + b, scale, bias)     ->  RowNormalization(a, scale, bias, b)
// RowNormalization(a + b, scale, bias)  ->  the same
//
// Whatever else uses a + b uses the layer's second result. Valid for normalizations of the last axes by one scale and
// bias for all rows, summands of the sum's shape, and sums that are no debug tensors. A scale or bias that is computed
// may itself need the sum, so the sum must then be the normalization's alone.
#include "core/engine/layers/elementwise.h"
#include "core/engine/layers/row_normalization.h"
#include "core/engine/passes/list.h"
#include "core/engine/passes/normalization_parts.h"
#include "core/engine/passes/rewrite.h"

namespace torchtrt::engine {
namespace {

// Whether it is an input, a constant, or made of one in a few steps: it does not need the sum.
bool is_given(const Graph& graph, ValueId value, int steps = 4) {
  if (value == kNoId || graph.stale_value(value).producer == kNoId) return true;
  const std::vector<ValueId>& inputs = producer_of(graph, value).inputs;
  return inputs.empty() || (steps > 0 && inputs.size() == 1 && is_given(graph, inputs[0], steps - 1));
}

bool is_sum_of_equals(const Graph& graph, ValueId sum) {
  const auto* op = producer_as<ElementWise>(graph, sum);
  if (!op || op->op != ElementWiseOp::kSum || graph.is_debug(sum)) return false;
  for (const int side : {0, 1}) {
    if (graph.value(input_of(graph, sum, side)).shape != graph.value(sum).shape) return false;
  }
  return true;
}

bool rewrite(Graph& graph, NodeId id) {
  std::optional<RowNormalization> rows = as_rows(graph, id);
  if (!rows || !is_sum_of_equals(graph, graph.node(id).inputs[0])) return false;
  const ValueId sum = graph.node(id).inputs[0], result = graph.node(id).outputs[0];
  std::vector<ValueId> inputs = graph.node(id).inputs;
  rows->keep_sum = !is_private(graph, sum);
  for (size_t i = 1; i < inputs.size(); ++i)
    if (rows->keep_sum && !is_given(graph, inputs[i])) return false;
  inputs.resize(4, kNoId);
  inputs[RowNormalization::kX] = input_of(graph, sum, 0);
  inputs[RowNormalization::kResidual] = input_of(graph, sum, 1);
  const std::vector<ValueId> fresh = graph.node(graph.add(*rows, inputs)).outputs;
  if (rows->keep_sum) take_over(graph, sum, fresh[1]);
  take_over(graph, result, fresh[0]);
  return true;
}

}  // namespace

bool fuse_residual_norm(Graph& graph) {
  bool changed = false;
  for (const NodeId id : graph.order()) changed = rewrite(graph, id) || changed;
  return changed;
}

}  // namespace torchtrt::engine

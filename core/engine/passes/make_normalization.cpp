// (x - mean(x)) / sqrt(mean((x - mean(x))^2) + epsilon) * scale + bias  ->  Normalization(x, scale, bias)
// x / sqrt(mean(x^2) + epsilon) * scale + bias                          ->  RowNormalization(x, scale, bias)
// narrowed(Normalization(widened(x), scale, bias))                      ->  RowNormalization(x, scale, bias)
// reshape(normalized(reshape(x, by groups))) * scale + bias             ->  Normalization(x, scale, bias), by groups
//
// Scale and bias may be absent, the scale may come before the quotient, the root may be a power or a reciprocal, and
// the mean a sum over its count. Where types differ, as models write it that compute half types in float32, a
// normalization of the last axes is a RowNormalization, which rounds once, to the type of the whole; so is one without
// scale or bias. Valid for intermediate tensors that nothing else uses, a scalar epsilon, means that keep their axes,
// and a scale and a bias that add no lengths.
#include <bit>
#include <vector>

#include "core/engine/layers/cast.h"
#include "core/engine/layers/elementwise.h"
#include "core/engine/layers/normalization.h"
#include "core/engine/layers/row_normalization.h"
#include "core/engine/layers/shuffle.h"
#include "core/engine/passes/list.h"
#include "core/engine/passes/normalization_parts.h"
#include "core/engine/passes/passes.h"
#include "core/engine/passes/rewrite.h"

namespace torchtrt::engine {
namespace {

ValueId filled(Graph& graph, const Shape& shape, DType dtype, float number, const std::string& name) {
  const auto owner = std::make_shared<std::vector<float>>(static_cast<size_t>(shape.volume()), number);
  Weights weights;
  weights.count = shape.volume();
  weights.data = owner->data();
  weights.owner = owner;
  return add_constant(graph, dtype == DType::kFloat32 ? weights : to_real(weights, dtype), shape, name);
}

// What stands for absent parameters of a Normalization.
void complete(Graph& graph, ValueId x, ValueId& scale, ValueId& bias, const Shape& shape, const std::string& name) {
  const DType dtype = graph.stale_value(x).dtype;
  if (scale == kNoId) scale = filled(graph, shape, dtype, 1, name + " (scale 1)");
  if (bias == kNoId) bias = filled(graph, shape, dtype, 0, name + " (bias 0)");
}

bool replace_rows(Graph& graph, const NormalizationParts& p) {
  const DType to_type = graph.stale_value(p.result).dtype;
  const auto fits = [&](ValueId value) { return value != kNoId && graph.stale_value(value).dtype == to_type; };
  NodeId node = kNoId;
  if (p.center && fits(p.x) && fits(p.scale) && fits(p.bias)) {
    Normalization op;
    op.epsilon = static_cast<float>(p.epsilon);
    op.axes = p.axes;
    node = graph.add(op, {p.x, p.scale, p.bias});
  } else {
    RowNormalization op;
    op.epsilon = static_cast<float>(p.epsilon);
    op.axes = std::popcount(p.axes);
    op.center = p.center;
    op.to_type = to_type;
    std::vector<ValueId> inputs{p.x, p.scale, p.bias};
    while (inputs.back() == kNoId) inputs.pop_back();
    node = graph.add(op, inputs);
  }
  take_over(graph, p.result, graph.node(node).outputs[0]);
  return true;
}

bool replace(Graph& graph, NodeId id) {
  auto p = match_normalization(graph, id);
  if (!p) return false;
  if (p->by_rows) return replace_rows(graph, *p);
  if (!p->center || graph.stale_value(p->x).dtype != graph.stale_value(p->result).dtype) return false;
  const ValueId given = p->scale != kNoId ? p->scale : p->bias;
  const Shape shape = given != kNoId ? graph.value(given).shape : Shape::filled(graph.value(p->x).shape.rank(), 1);
  if (!shape.is_known()) return false;
  complete(graph, p->x, p->scale, p->bias, shape, producer_of(graph, p->result).name);
  Normalization op;
  op.epsilon = static_cast<float>(p->epsilon);
  op.axes = p->axes;
  take_over(graph, p->result, graph.node(graph.add(op, {p->x, p->scale, p->bias})).outputs[0]);
  return true;
}

// A normalization of rows reads half types and writes them, so that casts around it are needless.
bool take_casts_in(Graph& graph, NodeId id) {
  std::optional<RowNormalization> rows = as_rows(graph, id);
  if (!rows) return false;
  std::vector<ValueId> inputs = graph.node(id).inputs;
  ValueId result = graph.node(id).outputs[0];
  const ValueId x = unwidened(graph, inputs[0]), old = result;
  if (is_private(graph, result)) {
    const NodeId user = graph.users(result)[0];
    const ValueId next = as<Cast>(*graph.node(user).layer) ? graph.node(user).outputs[0] : kNoId;
    if (next != kNoId && is_floating(graph.stale_value(next).dtype) &&
        bits_of(graph.stale_value(next).dtype) < bits_of(rows->to_type))
      result = next;
  }
  if (x == inputs[0] && result == old) return false;
  inputs[0] = x;
  rows->to_type = graph.stale_value(result).dtype;
  take_over(graph, result, graph.node(graph.add(*rows, inputs)).outputs[0]);
  return true;
}

// The value that a mere reshape takes its elements from; kNoId: it is something else.
ValueId before_reshape(const Graph& graph, ValueId value) {
  const auto* op = producer_as<Shuffle>(graph, value);
  return op && op->first_transpose.empty() && op->second_transpose.empty() ? input_of(graph, value, 0) : kNoId;
}

// Number of groups that `split` makes of the channels of `x`; 0: it is no such shape. A first length that is not known
// is the same if all others hold equally many elements.
int64_t groups_of(const Shape& x, const Shape& split) {
  if (x.rank() < 3 || split.rank() < 3 || x[1] <= 0 || split[1] <= 1 || x[1] % split[1] != 0) return 0;
  const auto rest = [](const Shape& shape) { return Shape(shape.lengths().subspan(1)).volume(); };
  if (rest(x) <= 0 || rest(x) != rest(split) || x[0] != split[0]) return 0;
  return split[1];
}

// Takes in a product or sum of `result` alone with a value per channel.
void take_per_channel(const Graph& graph, ElementWiseOp wanted, ValueId& result, ValueId& parameter) {
  if (!is_private(graph, result)) return;
  const Node& user = graph.node(graph.users(result)[0]);
  const auto* op = as<ElementWise>(*user.layer);
  if (!op || op->op != wanted) return;
  const ValueId other = user.inputs[user.inputs[0] == result ? 1 : 0];
  if (!runs_over(graph.value(other).shape, graph.value(result).shape, 1u << 1)) return;
  parameter = other;
  result = user.outputs[0];
}

bool replace_groups(Graph& graph, NodeId id) {
  const auto* rows = as<RowNormalization>(*graph.node(id).layer);
  const std::vector<ValueId>& inputs = graph.node(id).inputs;
  if (!rows || !rows->center || inputs.size() != 1) return false;
  const ValueId x = before_reshape(graph, inputs[0]), normalized = graph.node(id).outputs[0];
  if (x == kNoId || graph.stale_value(x).dtype != rows->to_type || !is_private(graph, normalized)) return false;
  const Shape shape = graph.value(x).shape, split = graph.value(inputs[0]).shape;
  ValueId result = graph.node(graph.users(normalized)[0]).outputs.at(0);
  if (before_reshape(graph, result) != normalized || graph.value(result).shape != shape) return false;
  Normalization op;
  op.groups = groups_of(shape, split);
  if (op.groups == 0 || rows->axes != split.rank() - 2) return false;
  op.epsilon = rows->epsilon;
  op.axes = ((1u << shape.rank()) - 1) & ~3u;
  ValueId scale = kNoId, bias = kNoId;
  take_per_channel(graph, ElementWiseOp::kProd, result, scale);
  take_per_channel(graph, ElementWiseOp::kSum, result, bias);
  Shape parameters = Shape::filled(shape.rank(), 1);
  parameters[1] = shape[1];
  complete(graph, x, scale, bias, parameters, producer_of(graph, result).name);
  take_over(graph, result, graph.node(graph.add(op, {x, scale, bias})).outputs[0]);
  return true;
}

}  // namespace

bool make_normalization(Graph& graph) {
  bool changed = false;
  for (const NodeId id : graph.order()) changed = replace(graph, id) || changed;
  for (const NodeId id : graph.order()) changed = take_casts_in(graph, id) || changed;
  for (const NodeId id : graph.order()) changed = replace_groups(graph, id) || changed;
  return changed;
}

}  // namespace torchtrt::engine

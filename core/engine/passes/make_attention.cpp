// matmul(softmax(mask + scale * matmul(q, k^T)), v)  ->  Attention(q, k, v, mask), scaled
// Attention(scale * q, k, v)                         ->  Attention(q, k, v), scaled
//
// Mask and scale may be absent, the scale may be one of q or k, before Shuffles too, and k^T may be the product's own
// or a Shuffle. Valid for rank 4, softmax along the last axis, positive scalar scales, and intermediate tensors that
// nothing else uses. Query, key and value must have the same known number of heads (other numbers would mean
// broadcasting here, grouping there), and the mask no others.
//
// A row whose scores are all -inf gives 0 here and nan by its parts; finite scores give the same up to rounding.
#include <cmath>

#include "core/engine/layers/attention.h"
#include "core/engine/layers/elementwise.h"
#include "core/engine/layers/matrix_multiply.h"
#include "core/engine/layers/shuffle.h"
#include "core/engine/layers/softmax.h"
#include "core/engine/passes/list.h"
#include "core/engine/passes/rewrite.h"

namespace torchtrt::engine {
namespace {

struct Pattern {
  ValueId query = kNoId, key = kNoId, value = kNoId, mask = kNoId;
  double scale = 1;
};

// Fused kernels take the greatest score before they scale it: a negative scale would give them the smallest.
bool is_scale(double scale) { return scale > 0 && std::isnormal(static_cast<float>(scale)); }

// Sees through x * c, c * x and x / c for a scalar c that does not broadcast x.
ValueId without_scale(const Graph& graph, ValueId value, double& scale) {
  const auto* op = producer_as<ElementWise>(graph, value);
  if (!op || !is_private(graph, value)) return value;
  for (const int side : {0, 1}) {
    const ValueId x = input_of(graph, value, side);
    const auto c = uniform_value(graph, input_of(graph, value, 1 - side));
    const bool product = op->op == ElementWiseOp::kProd, quotient = op->op == ElementWiseOp::kDiv && side == 0;
    if (!c || !(product || quotient) || graph.value(x).shape != graph.value(value).shape) continue;
    const double scaled = product ? scale * *c : scale / *c;
    if (!is_scale(scaled)) continue;
    scale = scaled;
    return x;
  }
  return value;
}

// k of k^T given as a Shuffle that swaps the last two of four axes; the other way round a Shuffle is added.
ValueId transposed_key(Graph& graph, ValueId key) {
  Shuffle swap;
  swap.first_transpose = {0, 1, 3, 2};
  if (const auto* op = producer_as<Shuffle>(graph, key)) {
    const bool plain = !op->reshape && op->second_transpose.empty() && input_of(graph, key, 1) == kNoId;
    if (plain && op->first_transpose.size() == 4) {
      for (int64_t& axis : swap.first_transpose) axis = op->first_transpose[axis];
      if (swap.first_transpose == std::vector<int64_t>{0, 1, 2, 3}) return input_of(graph, key, 0);
      key = input_of(graph, key, 0);
    }
  }
  return graph.node(graph.add(swap, {key})).outputs[0];
}

// Whether the sum of x and scores is what Attention makes of a mask: it may add rows and batches, but no heads and
// keys. With more keys than there are values the product behind the softmax would have failed.
bool fits(const Shape& x, const Shape& scores) {
  const bool keys = x[3] == 1 || x[3] == scores[3] || x[3] == kUnknown || scores[3] == kUnknown;
  return x.rank() == 4 && keys && (x[1] == 1 || x[1] == scores[1]);
}

// Splits scores = mask + rest; the rest is the side made by a product.
ValueId without_mask(const Graph& graph, ValueId scores, ValueId& mask) {
  const auto* op = producer_as<ElementWise>(graph, scores);
  if (!op || op->op != ElementWiseOp::kSum || !is_private(graph, scores)) return scores;
  for (const int side : {0, 1}) {
    double scale = 1;
    const ValueId rest = input_of(graph, scores, side), other = input_of(graph, scores, 1 - side);
    const ValueId product = is_private(graph, rest) ? without_scale(graph, rest, scale) : rest;
    if (!producer_as<MatrixMultiply>(graph, product)) continue;
    mask = other;
    return rest;
  }
  return scores;
}

bool shapes_fit(const Graph& graph, const Pattern& p, const Shape& scores) {
  const Shape &q = graph.value(p.query).shape, &v = graph.value(p.value).shape;
  if (q.rank() != 4 || v.rank() != 4 || scores.rank() != 4) return false;
  if (q[1] == kUnknown || q[1] != scores[1] || q[1] != v[1]) return false;
  return p.mask == kNoId || fits(graph.value(p.mask).shape, scores);
}

// The scores' product with its scales; false: the pattern ends elsewhere.
bool match_scores(Graph& graph, ValueId scores, Pattern& p) {
  const ValueId bare = without_mask(graph, scores, p.mask);
  const ValueId product = without_scale(graph, bare, p.scale);
  const auto* op = producer_as<MatrixMultiply>(graph, product);
  if (!op || op->op0 != MatrixOp::kNone || op->op1 == MatrixOp::kVector || !is_private(graph, product)) return false;
  const bool transposed = op->op1 == MatrixOp::kTranspose;
  const Shape shape = graph.value(product).shape;
  p.query = without_scale(graph, input_of(graph, product, 0), p.scale);
  p.key = without_scale(graph, input_of(graph, product, 1), p.scale);
  const Shape& k = graph.value(p.key).shape;
  if (!shapes_fit(graph, p, shape) || k.rank() != 4 || k[1] != shape[1]) return false;
  if (!transposed) p.key = transposed_key(graph, p.key);
  return true;
}

// What the pattern was made of would count as users of what is behind it.
void remove_unused(Graph& graph, NodeId id) {
  for (const ValueId output : graph.node(id).outputs)
    if (is_marked(graph, output) || !graph.users(output).empty()) return;
  if (graph.node(id).layer->has_effect()) return;
  const std::vector<ValueId> inputs = graph.node(id).inputs;
  graph.remove_node(id);
  for (const ValueId input : inputs) {
    const NodeId producer = input == kNoId ? kNoId : graph.stale_value(input).producer;
    if (producer != kNoId && graph.node(producer).layer) remove_unused(graph, producer);
  }
}

bool rewrite(Graph& graph, NodeId id) {
  const auto* op = as<MatrixMultiply>(*graph.node(id).layer);
  if (!op || op->op0 != MatrixOp::kNone || op->op1 != MatrixOp::kNone) return false;
  const ValueId weights = graph.node(id).inputs[0];
  const auto* softmax = producer_as<Softmax>(graph, weights);
  if (!softmax || softmax->axis != 3 || !is_private(graph, weights)) return false;
  Pattern p;
  p.value = graph.node(id).inputs[1];
  const ValueId scores = input_of(graph, weights, 0);
  if (!is_private(graph, scores) || !match_scores(graph, scores, p)) return false;
  Attention attention;
  attention.scale = p.scale;
  std::vector<ValueId> inputs{p.query, p.key, p.value};
  if (p.mask != kNoId) inputs.push_back(p.mask);
  take_over(graph, graph.node(id).outputs[0], graph.node(graph.add(attention, inputs)).outputs[0]);
  remove_unused(graph, id);
  return true;
}

// The last of the private Shuffles that a query or key comes through: its input may be scaled. kNoId: there is none.
NodeId outermost_shuffle(const Graph& graph, ValueId value) {
  NodeId found = kNoId;
  while (producer_as<Shuffle>(graph, value) && is_private(graph, value)) {
    found = graph.stale_value(value).producer;
    value = graph.node(found).inputs[0];
  }
  return found;
}

bool take_scales_in(Graph& graph, NodeId id) {
  auto* op = as<Attention>(*graph.mutable_node(id).layer);
  if (!op) return false;
  bool changed = false;
  for (const int i : {0, 1}) {
    const NodeId shuffle = outermost_shuffle(graph, graph.node(id).inputs[i]);
    const NodeId user = shuffle == kNoId ? id : shuffle;
    const int input = shuffle == kNoId ? i : 0;
    const ValueId before = graph.node(user).inputs[input], after = without_scale(graph, before, op->scale);
    if (before == after) continue;
    graph.set_input(user, input, after);
    changed = true;
  }
  return changed;
}

}  // namespace

bool make_attention(Graph& graph) {
  bool changed = false;
  for (const NodeId id : graph.order()) changed = rewrite(graph, id) || changed;
  for (const NodeId id : graph.order()) changed = take_scales_in(graph, id) || changed;
  return changed;
}

}  // namespace torchtrt::engine

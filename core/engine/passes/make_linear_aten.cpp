// MatrixMultiply(x, Constant [1.., N, K], transposed)  ->  Linear(x, W)
// MatrixMultiply(x, Constant [1.., K, N])              ->  Linear(x, W^T), the constant transposed at build time
// MatrixMultiply(x, Dequantize(Constant), either way)  ->  Linear(x, Dequantize(Constant)), perhaps behind a Shuffle
// ElementWise sum(Linear(x, W), Constant [1.., N])     ->  Linear(x, W, b)
//
// Valid for matrices (no vectors), one matrix for the whole batch, and products that only the sum uses. The sum is then
// rounded once instead of twice.
#include <ATen/ops/from_blob.h>

#include "core/engine/layers/dequantize.h"
#include "core/engine/layers/elementwise.h"
#include "core/engine/layers/kernel.h"
#include "core/engine/layers/linear.h"
#include "core/engine/layers/matrix_multiply.h"
#include "core/engine/layers/shuffle.h"
#include "core/engine/passes/list.h"
#include "core/engine/passes/rewrite.h"
#include "core/engine/plan/weights.h"

namespace torchtrt::engine {
namespace {

// The constant without leading axes of length 1, down to `rank` axes; nullopt if there are others.
std::optional<Shape> without_leading_ones(const Shape& shape, int rank) {
  if (shape.rank() < rank || !shape.is_known()) return std::nullopt;
  for (int axis = 0; axis < shape.rank() - rank; ++axis)
    if (shape[axis] != 1) return std::nullopt;
  return Shape(shape.lengths().last(rank));
}

Weights transposed(const Weights& weights, const Shape& shape) {
  const at::TensorOptions options(scalar_type_of(weights.dtype));
  const std::shared_ptr<void> memory = allocate_aligned(weights.bytes());
  const at::Tensor given = at::from_blob(const_cast<void*>(weights.data), {shape[0], shape[1]}, options);
  at::from_blob(memory.get(), {shape[1], shape[0]}, options).copy_(given.t());
  Weights result = weights;
  result.data = memory.get();
  result.owner = memory;
  return result;
}

bool rewrite_product(Graph& graph, NodeId id) {
  const auto* op = as<MatrixMultiply>(*graph.node(id).layer);
  if (!op || op->op0 != MatrixOp::kNone || op->op1 == MatrixOp::kVector) return false;
  const ValueId x = graph.node(id).inputs[0], w = graph.node(id).inputs[1];
  const auto* constant = producer_as<Constant>(graph, w);
  if (!constant || producer_as<Constant>(graph, x)) return false;
  std::optional<Shape> shape = without_leading_ones(constant->shape, 2);
  const bool transpose = op->op1 != MatrixOp::kTranspose;
  if (!shape) return false;
  const std::string name = producer_of(graph, w).name;
  const Weights weights = transpose ? transposed(constant->weights, *shape) : constant->weights;
  if (transpose) std::swap((*shape)[0], (*shape)[1]);
  const ValueId matrix = *shape == constant->shape && !transpose ? w : add_constant(graph, weights, *shape, name);
  take_over(graph, graph.node(id).outputs[0], graph.node(graph.add(Linear{}, {x, matrix})).outputs[0]);
  return true;
}

// Whether a loaded plan will have the value like a constant, see Note [Dequantized weights].
bool is_dequantized(const Graph& graph, ValueId value) {
  if (!producer_as<Dequantize>(graph, value)) return false;
  const auto known = [&](ValueId input) { return producer_as<Constant>(graph, input) || is_dequantized(graph, input); };
  return known(input_of(graph, value, 0)) && known(input_of(graph, value, 1));
}

bool rewrite_dequantized(Graph& graph, NodeId id) {
  const auto* op = as<MatrixMultiply>(*graph.node(id).layer);
  if (!op || op->op0 != MatrixOp::kNone || op->op1 == MatrixOp::kVector) return false;
  const ValueId x = graph.node(id).inputs[0], w = graph.node(id).inputs[1];
  if (!is_dequantized(graph, w) || graph.value(w).shape.rank() != 2) return false;
  ValueId matrix = w;
  if (op->op1 == MatrixOp::kNone) {
    Shuffle transpose;
    transpose.first_transpose = {1, 0};
    const NodeId added = graph.add(transpose, {w});
    graph.set_name(added, producer_of(graph, w).name + " transposed");
    matrix = graph.node(added).outputs[0];
  }
  take_over(graph, graph.node(id).outputs[0], graph.node(graph.add(Linear{}, {x, matrix})).outputs[0]);
  return true;
}

bool add_bias(Graph& graph, NodeId id) {
  const auto* op = as<ElementWise>(*graph.node(id).layer);
  if (!op || op->op != ElementWiseOp::kSum) return false;
  for (const int side : {0, 1}) {
    const ValueId product = graph.node(id).inputs[side], bias = graph.node(id).inputs[1 - side];
    const auto* constant = producer_as<Constant>(graph, bias);
    if (!producer_as<Linear>(graph, product) || !constant || !is_private(graph, product)) continue;
    const std::vector<ValueId> inputs = producer_of(graph, product).inputs;
    const auto shape = without_leading_ones(constant->shape, 1);
    const int64_t features = graph.value(inputs[1]).shape[0];
    if (inputs.size() != 2 || !shape || (*shape)[0] != features) continue;
    const std::string name = producer_of(graph, bias).name;
    const ValueId flat = constant->shape == *shape ? bias : add_constant(graph, constant->weights, *shape, name);
    take_over(graph, graph.node(id).outputs[0],
              graph.node(graph.add(Linear{}, {inputs[0], inputs[1], flat})).outputs[0]);
    return true;
  }
  return false;
}

}  // namespace

bool make_linear(Graph& graph) {
  bool changed = false;
  for (const NodeId id : graph.order())
    changed = rewrite_product(graph, id) || rewrite_dequantized(graph, id) || changed;
  for (const NodeId id : graph.order()) changed = add_bias(graph, id) || changed;
  return changed;
}

}  // namespace torchtrt::engine

// Attention(q, k, v, Constant that hides nothing)         ->  Attention(q, k, v)
// Attention(q, k, v, Constant that hides keys behind i)   ->  Attention(q, k, v), causal
//
// Hides nothing: true everywhere, or 0 everywhere. Hides keys behind i: row i of every matrix is that up to key i, and
// false or hugely negative (beyond what softmax can tell from -inf) from there on. Fused kernels are faster without a
// mask. Valid where the mask adds no lengths of its own; causal masks also need as many queries as keys.
#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>
#include <c10/core/InferenceMode.h>

#include "core/engine/layers/attention.h"
#include "core/engine/layers/kernel.h"
#include "core/engine/passes/list.h"
#include "core/engine/passes/rewrite.h"

namespace torchtrt::engine {
namespace {

constexpr double kHidden = -60000;     // float16 goes no further than -65504
constexpr double kHiddenWide = -1e30;  // of float32 and bfloat16

enum class Hides { kSomething, kNothing, kKeysBehind };

at::Tensor tensor_of(const Constant& constant) {
  return at::from_blob(const_cast<void*>(constant.weights.data),
                       c10::IntArrayRef(constant.shape.begin(), constant.shape.end()),
                       at::TensorOptions(scalar_type_of(constant.weights.dtype)));
}

Hides what_hides(const at::Tensor& mask) {
  const bool additive = mask.scalar_type() != at::kBool;
  const at::Tensor seen = additive ? mask.eq(0) : mask;
  if (seen.all().item<bool>()) return Hides::kNothing;
  if (mask.size(2) != mask.size(3)) return Hides::kSomething;
  const at::Tensor lower = at::ones({mask.size(2), mask.size(3)}, at::TensorOptions(at::kBool)).tril();
  const double limit = mask.scalar_type() == at::kHalf ? kHidden : kHiddenWide;
  const at::Tensor hidden = additive ? mask.le(limit) : mask.logical_not();
  const bool causal = at::where(lower, seen, hidden).all().item<bool>();
  return causal ? Hides::kKeysBehind : Hides::kSomething;
}

// Lengths of the mask's batch and rows are 1 or those of the query, so that the result's shape does not depend on it.
bool adds_nothing(const Shape& mask, const Shape& query) {
  return (mask[0] == 1 || mask[0] == query[0]) && (mask[2] == 1 || mask[2] == query[2]);
}

bool rewrite(Graph& graph, NodeId id) {
  const auto* op = as<Attention>(*graph.node(id).layer);
  const std::vector<ValueId>& inputs = graph.node(id).inputs;
  if (!op || op->is_packed() || !op->normalize || inputs.size() <= Attention::kMask) return false;
  const auto* mask = producer_as<Constant>(graph, inputs[Attention::kMask]);
  if (!mask || !mask->shape.is_known() || mask->shape.rank() != 4 || mask->shape.volume() == 0) return false;
  const DType type = mask->weights.dtype;
  if (type != DType::kBool && !is_floating(type)) return false;
  const Shape &q = graph.value(inputs[Attention::kQuery]).shape, &k = graph.value(inputs[Attention::kKey]).shape;
  if (!adds_nothing(mask->shape, q)) return false;
  const Hides hides = what_hides(tensor_of(*mask));
  const bool square = mask->shape[2] == q[2] && mask->shape[3] == k[2];
  if (hides == Hides::kSomething || (hides == Hides::kKeysBehind && (!square || op->causal != CausalMask::kNone)))
    return false;
  Attention changed = *op;
  if (hides == Hides::kKeysBehind) changed.causal = CausalMask::kUpperLeft;
  std::vector<ValueId> others = inputs;
  others[Attention::kMask] = kNoId;
  while (others.back() == kNoId) others.pop_back();
  take_over(graph, graph.node(id).outputs[0], graph.node(graph.add(changed, others)).outputs[0]);
  return true;
}

}  // namespace

bool fold_attention_mask(Graph& graph) {
  c10::InferenceMode inference;
  bool changed = false;
  for (const NodeId id : graph.order()) changed = rewrite(graph, id) || changed;
  return changed;
}

}  // namespace torchtrt::engine

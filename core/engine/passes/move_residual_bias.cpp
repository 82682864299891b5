// FusedConvolution(x, W, b, FusedConvolution(z, V, c))  ->  FusedConvolution(x, W, b + c, FusedConvolution(z, V))
//
// Valid for an inner convolution without relu that nothing else uses. cuDNN adds the bias for nothing where a
// convolution ends in a relu, and in a kernel of its own where not. float16 has to hold the sum.
#include "core/engine/layers/fused_convolution.h"
#include "core/engine/passes/convolution_constants.h"
#include "core/engine/passes/list.h"
#include "core/engine/passes/rewrite.h"

namespace torchtrt::engine {
namespace {

constexpr size_t kBias = 2, kResidual = 3;

std::optional<Floats> summed(const Graph& graph, ValueId outer, ValueId inner) {
  auto sum = floats_of(graph, inner);
  const auto own = floats_of(graph, outer);
  if (!sum || (outer != kNoId && !own)) return std::nullopt;
  for (size_t k = 0; own && k < sum->size(); ++k) (*sum)[k] += (*own)[k];
  return sum;
}

bool rewrite(Graph& graph, NodeId id) {
  const auto* op = as<FusedConvolution>(*graph.node(id).layer);
  std::vector<ValueId> inputs = graph.node(id).inputs;
  if (!op || inputs.size() <= kResidual) return false;
  const auto* inner = producer_as<FusedConvolution>(graph, inputs[kResidual]);
  if (!inner || inner->relu || !is_private(graph, inputs[kResidual])) return false;
  std::vector<ValueId> others = producer_of(graph, inputs[kResidual]).inputs;
  const DType dtype = graph.value(inputs[0]).dtype;
  auto sum = others.size() > kBias ? summed(graph, inputs[kBias], others[kBias]) : std::nullopt;
  if (!sum || !fits(*sum, op->output_maps, dtype, 0)) return false;
  others[kBias] = kNoId;
  const FusedConvolution outer_copy = *op, inner_copy = *inner;
  const ValueId residual = graph.node(graph.add(inner_copy, others)).outputs[0];
  take_over(graph, inputs[kResidual], residual);
  const Shape shape{outer_copy.output_maps};
  inputs[kBias] = add_floats(graph, std::move(*sum), dtype, shape, graph.node(id).name + " bias");
  inputs[kResidual] = residual;
  take_over(graph, graph.node(id).outputs[0], graph.node(graph.add(outer_copy, inputs)).outputs[0]);
  return true;
}

}  // namespace

bool move_residual_bias(Graph& graph) {
  bool changed = false;
  for (const NodeId id : graph.order()) changed = rewrite(graph, id) || changed;
  return changed;
}

}  // namespace torchtrt::engine

// Identity(x), Cast(x) to its own type, Shuffle(x) that moves nothing, Concatenation(x)  ->  x
// Shuffle(Shuffle(x)), both mere permutations                                            ->  Shuffle(x), one
// permutation
//
// Always valid. Outputs of the network keep their nodes.
#include <numeric>

#include "core/engine/layers/cast.h"
#include "core/engine/layers/concatenation.h"
#include "core/engine/layers/identity.h"
#include "core/engine/layers/shuffle.h"
#include "core/engine/passes/list.h"
#include "core/engine/passes/rewrite.h"

namespace torchtrt::engine {
namespace {

using Permutation = std::vector<int64_t>;

Permutation identity(int rank) {
  Permutation result(rank);
  std::iota(result.begin(), result.end(), 0);
  return result;
}

// The permutation that a Shuffle without reshape is; nullopt: it reshapes.
std::optional<Permutation> permutation_of(const Shuffle& op, const Node& node, int rank) {
  if (op.reshape || (node.inputs.size() > 1 && node.inputs[1] != kNoId)) return std::nullopt;
  const Permutation first = op.first_transpose.empty() ? identity(rank) : op.first_transpose;
  const Permutation second = op.second_transpose.empty() ? identity(rank) : op.second_transpose;
  if (first.size() != second.size()) return std::nullopt;
  Permutation result;
  for (const int64_t axis : second) result.push_back(first.at(axis));
  return result;
}

// A reshape to the shape that is there already, without transposes.
bool keeps_shape(const Graph& graph, const Shuffle& op, const Node& node) {
  const Shape &in = graph.value(node.inputs[0]).shape, &out = graph.value(node.outputs[0]).shape;
  const bool transposes = (!op.first_transpose.empty() && op.first_transpose != identity(in.rank())) ||
                          (!op.second_transpose.empty() && op.second_transpose != identity(out.rank()));
  return !transposes && in.is_known() && in == out;
}

bool is_no_op(const Graph& graph, const Node& node) {
  if (node.inputs.empty() || node.inputs[0] == kNoId || node.outputs.size() != 1) return false;
  const Value &in = graph.value(node.inputs[0]), &out = graph.value(node.outputs[0]);
  if (as<Identity>(*node.layer) || as<Cast>(*node.layer)) return in.dtype == out.dtype;
  if (as<Concatenation>(*node.layer)) return node.inputs.size() == 1;
  const auto* shuffle = as<Shuffle>(*node.layer);
  if (!shuffle) return false;
  const auto permutation = permutation_of(*shuffle, node, in.shape.rank());
  return permutation ? *permutation == identity(in.shape.rank()) : keeps_shape(graph, *shuffle, node);
}

bool join_permutations(Graph& graph, NodeId id) {
  const Node& outer = graph.node(id);
  const auto* op = as<Shuffle>(*outer.layer);
  if (!op) return false;
  const auto* before = producer_as<Shuffle>(graph, outer.inputs[0]);
  if (!before) return false;
  const Node& inner = producer_of(graph, outer.inputs[0]);
  const int rank = graph.value(inner.inputs[0]).shape.rank();
  const auto first = permutation_of(*before, inner, rank), second = permutation_of(*op, outer, rank);
  if (!first || !second) return false;
  Shuffle joined;
  for (const int64_t axis : *second) joined.first_transpose.push_back(first->at(axis));
  const ValueId source = inner.inputs[0], old = outer.outputs[0];
  take_over(graph, old, graph.node(graph.add(joined, {source})).outputs[0]);
  return true;
}

}  // namespace

bool remove_no_ops(Graph& graph) {
  bool changed = false;
  for (const NodeId id : graph.order()) changed = join_permutations(graph, id) || changed;
  for (const NodeId id : graph.order()) {
    if (!is_no_op(graph, graph.node(id))) continue;
    changed = drop(graph, graph.node(id).outputs[0], graph.node(id).inputs[0]) || changed;
  }
  return changed;
}

}  // namespace torchtrt::engine

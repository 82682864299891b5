// x -> x: dropout outside training, contiguous, detach, and other operators that do not change values in an engine.
#include <torch/csrc/jit/ir/constants.h>

#include <unordered_map>

#include "core/lowering/passes.h"

namespace torchtrt::lowering {
namespace {

// Operators whose result is input 0. The number: input that has to be a constant False for that, or kAlways.
constexpr int kAlways = -1;
const std::unordered_map<c10::Symbol, int>& no_ops() {
  static const std::unordered_map<c10::Symbol, int> table = [] {
    std::unordered_map<c10::Symbol, int> rows;
    for (const char* name : {"aten::dropout", "aten::dropout_", "aten::feature_dropout", "aten::feature_dropout_",
                             "aten::alpha_dropout", "aten::feature_alpha_dropout"})
      rows[c10::Symbol::fromQualString(name)] = 2;  // train
    for (const char* name : {"aten::contiguous", "aten::detach", "aten::lift_fresh", "aten::alias",
                             "aten::requires_grad_", "aten::positive", "aten::resolve_conj", "aten::resolve_neg"})
      rows[c10::Symbol::fromQualString(name)] = kAlways;
    return rows;
  }();
  return table;
}

bool is_constant_false(torch::jit::Value* value) {
  const auto constant = torch::jit::toIValue(value);
  return constant && constant->isBool() && !constant->toBool();
}

}  // namespace

// Valid after mutation is removed: only then may a result be its input. A clone is kept: it may be written to.
void remove_no_ops(GraphPtr& graph) {
  for_each_node(graph->block(), [](torch::jit::Node* node) {
    const auto row = no_ops().find(node->kind());
    if (row == no_ops().end()) return;
    if (row->second != kAlways && !is_constant_false(node->input(row->second))) return;
    node->output()->replaceAllUsesWith(node->input(0));
    node->destroy();
  });
}

}  // namespace torchtrt::lowering

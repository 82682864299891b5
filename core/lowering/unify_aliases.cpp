// Operators with two names get one: multiply -> mul, true_divide -> div, arccos -> acos, ...
#include <string>
#include <unordered_map>

#include "core/lowering/passes.h"

namespace torchtrt::lowering {
namespace {

// Same arguments in the same order, so only the name changes.
const std::unordered_map<c10::Symbol, c10::Symbol>& aliases() {
  static const std::unordered_map<c10::Symbol, c10::Symbol> table = [] {
    const std::pair<const char*, const char*> names[] = {
        {"true_divide", "div"},
        {"divide", "div"},
        {"multiply", "mul"},
        {"subtract", "sub"},
        {"negative", "neg"},
        {"absolute", "abs"},
        {"greater", "gt"},
        {"greater_equal", "ge"},
        {"less", "lt"},
        {"less_equal", "le"},
        {"not_equal", "ne"},
        {"arccos", "acos"},
        {"arcsin", "asin"},
        {"arctan", "atan"},
        {"arccosh", "acosh"},
        {"arcsinh", "asinh"},
        {"arctanh", "atanh"},
        {"arctan2", "atan2"},
        {"clip", "clamp"},
        {"concat", "cat"},
        {"concatenate", "cat"},
        {"fix", "trunc"},
        {"swapaxes", "transpose"},
        {"swapdims", "transpose"},
        {"moveaxis", "movedim"},
        {"special_expit", "sigmoid"},
        {"special_exp2", "exp2"},
        {"special_expm1", "expm1"},
        {"special_log1p", "log1p"},
        {"special_erf", "erf"},
    };
    std::unordered_map<c10::Symbol, c10::Symbol> rows;
    for (const auto& [from, to] : names)
      rows.emplace(c10::Symbol::fromQualString(std::string("aten::") + from),
                   c10::Symbol::fromQualString(std::string("aten::") + to));
    return rows;
  }();
  return table;
}

torch::jit::Node* renamed(torch::jit::Node* node, c10::Symbol kind) {
  auto* graph = node->owningGraph();
  auto* twin = graph->create(kind, node->inputs(), node->outputs().size())->copyMetadata(node)->insertBefore(node);
  for (size_t i = 0; i < node->outputs().size(); ++i) twin->output(i)->copyMetadata(node->output(i));
  return twin;
}

}  // namespace

// Valid where the other name has an overload for these arguments; otherwise the node stays as it is.
void unify_aliases(GraphPtr& graph) {
  for_each_node(graph->block(), [](torch::jit::Node* node) {
    const auto row = aliases().find(node->kind());
    if (row == aliases().end()) return;
    auto* twin = renamed(node, row->second);
    auto* replaced = twin->maybeOperator() ? node : twin;
    if (replaced == node) node->replaceAllUsesWith(twin);
    replaced->destroy();
  });
}

}  // namespace torchtrt::lowering

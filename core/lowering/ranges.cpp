// One rule per operator that keeps or bounds integers; all others give the range of the type.
#include "core/lowering/ranges.h"

#include <ATen/Functions.h>
#include <torch/csrc/jit/ir/constants.h>

#include <functional>
#include <string>

#include "core/ir/torch_dtype.h"

namespace torchtrt::lowering {
namespace {

using torch::jit::Node;
using torch::jit::Value;

std::optional<int64_t> constant_int(const Value* value) {
  const auto constant = torch::jit::toIValue(value);
  if (!constant || !constant->isInt()) return std::nullopt;
  return constant->toInt();
}

DType dtype_of(const ir::Fact& fact) {
  return fact.is_tensor() ? ir::dtype_of(fact.tensor().scalar_type()) : DType::kNone;
}

// Largest length of an axis over the declared shapes.
int64_t longest(const ir::Fact& fact, int64_t axis) {
  int64_t length = 0;
  for (const c10::IValue& sample : fact.samples) {
    const at::Tensor& tensor = sample.toTensor();
    length = std::max(length, tensor.dim() == 0 ? 1 : tensor.size(axis));
  }
  return length;
}

int64_t most_elements(const ir::Fact& fact) {
  int64_t count = 0;
  for (const c10::IValue& sample : fact.samples) count = std::max(count, sample.toTensor().numel());
  return count;
}

// Operators whose elements are elements of input 0.
bool moves_data(const std::string& name) {
  static const std::set<std::string> kMoves = {
      "view",    "reshape",      "flatten", "permute",   "transpose", "t",
      "squeeze", "unsqueeze",    "expand",  "expand_as", "select",    "slice",
      "narrow",  "index_select", "gather",  "embedding", "repeat",    "flip",
      "roll",    "clone",        "unbind",  "chunk",     "split",     "split_with_sizes",
      "max",     "min",          "amax",    "amin",      "unflatten", "index",
      "relu",    "sort",         "movedim"};
  return kMoves.count(name) > 0;
}

}  // namespace

Interval scan(const at::Tensor& tensor) {
  if (tensor.numel() == 0 || tensor.is_meta() || !c10::isIntegralType(tensor.scalar_type(), true))
    return Interval::everything();
  const at::Tensor values = tensor.to(at::kCPU, at::kLong);
  return {values.min().item<int64_t>(), values.max().item<int64_t>()};
}

Ranges::Ranges(const ir::TypedGraph& graph) : graph_(graph) {
  for (const Node* node : graph.graph->nodes())
    for (size_t i = 0; i < node->outputs().size(); ++i) ranges_[node->output(i)] = compute(*node, i);
}

Interval Ranges::of(const Value* value) const {
  const auto found = ranges_.find(value);
  return found != ranges_.end() ? found->second : range_of(dtype_of(graph_.fact(value)));
}

Interval Ranges::compute(const Node& node, size_t output) const {
  const auto in = [&](size_t i) { return of(node.input(i)); };
  if (node.kind() == c10::prim::Constant) {
    const auto constant = torch::jit::toIValue(node.output());
    if (constant->isInt()) return Interval::of(constant->toInt());
    return constant->isTensor() ? scan(constant->toTensor()) : Interval::everything();
  }
  const ir::Fact fact = graph_.fact(node.output(output));
  if (node.kind() == c10::prim::ListUnpack && node.input()->node()->kind() != c10::prim::ListConstruct)
    return of(node.input());
  const std::string name = node.kind().toUnqualString();
  const Interval type = range_of(dtype_of(fact));
  const auto fitting = [&](const Interval& interval) { return interval.within(type) ? interval : type; };
  if (name == "add" || name == "sub" || name == "rsub") {
    const auto alpha = node.inputs().size() > 2 ? constant_int(node.input(2)) : 1;
    if (!alpha) return type;
    const Interval scaled = name == "rsub" ? in(0) * Interval::of(*alpha) : in(1) * Interval::of(*alpha);
    return fitting(name == "add" ? in(0) + scaled : name == "sub" ? in(0) - scaled : in(1) - scaled);
  }
  if (name == "mul") return fitting(in(0) * in(1));
  if (name == "neg") return fitting(-in(0));
  if (name == "abs") return fitting(absolute(in(0)));
  if (name == "floor_divide") return fitting(floor_divide(in(0), in(1)));
  if (name == "remainder") return fitting(remainder(in(0), in(1)));
  if (name == "minimum" || (name == "min" && node.inputs().size() == 2)) return minimum(in(0), in(1));
  if (name == "maximum" || (name == "max" && node.inputs().size() == 2)) return maximum(in(0), in(1));
  if (name == "clamp") {
    const auto low = constant_int(node.input(1)), high = constant_int(node.input(2));
    Interval result = in(0);
    if (low) result = maximum(result, Interval::of(*low));
    return high ? minimum(result, Interval::of(*high)) : result;
  }
  if (name == "size") return {1, longest(graph_.fact(node.input(0)), constant_int(node.input(1)).value_or(0))};
  if (name == "NumToTensor" || name == "Int") return in(0);
  const bool index_output = (name == "argmax" || name == "argmin" || name == "argsort") ||
                            (output == 1 && (name == "topk" || name == "max" || name == "min" || name == "sort"));
  if (index_output) {  // indices are smaller than the element count, whatever the axis
    return {0, std::max<int64_t>(0, most_elements(graph_.fact(node.input(0))) - 1)};
  }
  if (name == "cat" || name == "stack") {
    std::optional<Interval> all;
    for (const Value* item : node.input(0)->node()->inputs()) all = all ? hull(*all, of(item)) : of(item);
    return all.value_or(type);
  }
  if (name == "where" && node.inputs().size() == 3) return hull(in(1), in(2));
  if (name == "masked_fill") return hull(in(0), in(2));
  if (name == "sum")
    return fitting(in(0) * Interval{0, std::max<int64_t>(1, most_elements(graph_.fact(node.input(0))))});
  if (name == "to" || name == "type_as") {
    const DType from = dtype_of(graph_.fact(node.input(0)));
    const bool integer = from != DType::kNone && dtype_row(from).kind != DTypeKind::kFloating;
    return integer ? fitting(in(0)) : type;
  }
  if (moves_data(name) && output == 0) return fitting(in(0));
  return type;
}

}  // namespace torchtrt::lowering

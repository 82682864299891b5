// Walks the live nodes once: float64 values first, then arguments that have to be int32.
#include "core/lowering/dtype_policy.h"

#include <ATen/Functions.h>
#include <torch/csrc/jit/ir/constants.h>

#include <set>

#include "core/ir/origin.h"
#include "core/ir/torch_dtype.h"
#include "core/lowering/ranges.h"
#include "core/util/error.h"

namespace torchtrt::lowering {
namespace {

using ir::DtypeDecision;
using torch::jit::Node;
using torch::jit::Value;

const Interval kInt32Range = range_of(DType::kInt32);

// First element that does not fit, as "9.9e+300 at index 3"; empty where all fit.
std::string misfit(const at::Tensor& tensor) {
  const at::Tensor flat = tensor.to(at::kCPU).reshape({-1});
  const at::Tensor bad = flat.scalar_type() == at::kDouble
                             ? at::isfinite(flat).logical_and(at::isinf(flat.to(at::kFloat)))
                             : at::lt(flat, kInt32Range.low).logical_or(at::gt(flat, kInt32Range.high));
  const at::Tensor places = at::nonzero(bad);
  if (places.numel() == 0) return "";
  const int64_t place = places[0].item<int64_t>();
  return flat.scalar_type() == at::kDouble ? join(flat[place].item<double>(), " at index ", place)
                                           : join(flat[place].item<int64_t>(), " at index ", place);
}

class Policy {
 public:
  Policy(const ir::TypedGraph& graph, const DtypePermissions& permissions, const std::vector<Int32Rule>& rules)
      : graph_(graph), permissions_(permissions), rules_(rules), ranges_(graph) {}

  DtypePlan run() {
    for (const Value* input : graph_.graph->inputs()) input_row(input);
    for (const Node* node : graph_.graph->nodes()) {
      if (node->kind() == c10::prim::Constant) {
        constant_row(node->output());
        continue;
      }
      check_float64(node);
      for (const Int32Rule& rule : rules_) check_int32(node, rule);
      clamp_rows(node);
    }
    return std::move(plan_);
  }

 private:
  // -- words

  std::string name(const Value* value) const {
    const auto constant = torch::jit::toIValue(value);
    if (constant && constant->isTensor()) {
      const auto found = graph_.names.find(constant->toTensor());
      if (found) return join("'", *found, "'");
    }
    if (value->node()->kind() == c10::prim::Param) return join("input '", value->debugName(), "'");
    return join("%", value->debugName());
  }

  std::string kind(const Value* value) const {
    if (value->node()->kind() == c10::prim::Param) return "input";
    return value->node()->kind() == c10::prim::Constant ? "constant" : "computed";
  }

  void row(const Value* value, const Node* user, DType from, DType to, DtypeDecision decision, std::string proof,
           std::string cause) {
    const Node* place = kind(value) == "computed" || !user ? value->node() : user;
    plan_.report.rows.push_back(
        {name(value), ir::where(*place), kind(value), from, to, decision, std::move(proof), std::move(cause)});
  }

  // -- rows of values that stay

  bool is_live(const Value* value) const { return !value->uses().empty(); }

  DType dtype(const Value* value) const {
    const ir::Fact fact = graph_.fact(value);
    return fact.is_tensor() ? ir::dtype_of(fact.tensor().scalar_type()) : DType::kNone;
  }

  bool is_weak(const Value* value) const {
    const ir::Fact fact = graph_.fact(value);
    return fact.is_tensor() && fact.tensor().dim() == 0 && value->node()->kind() != c10::prim::Param;  // c4
  }

  void input_row(const Value* input) {
    if (is_live(input) && dtype(input) == DType::kInt64)
      row(input, input->uses()[0].user, DType::kInt64, DType::kInt64, DtypeDecision::kKeep, "declared",
          "pass int64 tensors");
  }

  void constant_row(const Value* value) {
    if (!is_live(value) || is_weak(value) || dtype(value) != DType::kInt64) return;  // c1
    row(value, value->uses()[0].user, DType::kInt64, DType::kInt64, DtypeDecision::kKeep,
        join("values in ", ranges_.of(value)), "the engine has int64 constants");
  }

  // Bounds such as the INT64_MAX of x[1:] are limited to the axis by the converter, on every path.
  void clamp_rows(const Node* node) {
    if (node->kind() != c10::aten::slice) return;
    for (size_t i = 2; i < std::min<size_t>(4, node->inputs().size()); ++i) {
      const auto bound = torch::jit::toIValue(node->input(i));
      if (bound && bound->isInt() && !kInt32Range.contains(bound->toInt()))
        row(node->input(i), node, DType::kInt64, DType::kInt64, DtypeDecision::kClamp, "limited to the axis",
            "bound of aten::slice");
    }
  }

  // -- float64

  void check_float64(const Node* node) {
    for (const Value* input : node->inputs())
      if (!is_weak(input) && dtype(input) == DType::kFloat64) narrow_float64(input, node);
    for (const Value* output : node->outputs())
      if (!is_weak(output) && is_live(output) && dtype(output) == DType::kFloat64) narrow_float64(output, node);
  }

  void narrow_float64(const Value* value, const Node* node) {
    const std::string cause = ir::operator_name(*node) + ": TensorRT has no float64";
    if (permissions_.narrow) {
      const auto constant = torch::jit::toIValue(value);
      if (constant) refuse_misfit(value, node, constant->toTensor(), "float32", cause);
      if (!seen_.insert(value).second) return;
      row(value, node, DType::kFloat64, DType::kFloat32, DtypeDecision::kNarrowUnproved,
          constant ? "rounded, all finite" : "range unknown", cause);
      return;
    }
    if (permissions_.fall_back) return leave(value, node, DType::kFloat64, cause);
    TORCHTRT_THROW(
        kDtypeContract, "The ", kind(value), " value ", name(value), " is float64, which TensorRT does not have\n  at ",
        ir::where(*node), " (", ir::operator_name(*node),
        ")\n  Options: truncate_long_and_double=True to compute in float32 (range checked, result returned as "
        "float64), model.float(), or require_full_compilation=False to leave these operators in PyTorch.");
  }

  // -- int32 where a layer asks for it

  void check_int32(const Node* node, const Int32Rule& rule) {
    if (node->kind() != c10::Symbol::fromQualString(rule.op) || rule.argument >= node->inputs().size()) return;
    const Value* value = node->input(rule.argument);
    if (dtype(value) != DType::kInt64) return;
    const std::string cause = rule.op + ": " + rule.cause;
    Interval range = ranges_.of(value);
    const auto constant = torch::jit::toIValue(value);
    if (constant && !range.within(kInt32Range)) {  // c2
      if (permissions_.fall_back) return leave(value, node, DType::kInt64, cause);
      refuse_misfit(value, node, constant->toTensor(), "int32", cause);
    }
    std::string proof = join("values in ", range);
    if (const auto bound = bound_of(node, rule); bound && !range.within(kInt32Range)) {
      range = {0, *bound - 1};
      proof = join("indices below ", *bound);
    }
    if (range.within(kInt32Range))
      return row(value, node, DType::kInt64, DType::kInt32, DtypeDecision::kNarrowProved, proof, cause);
    if (permissions_.narrow)
      return row(value, node, DType::kInt64, DType::kInt32, DtypeDecision::kNarrowUnproved, "range unknown", cause);
    if (permissions_.fall_back) return leave(value, node, DType::kInt64, cause);
    TORCHTRT_THROW(kInt64Range, "Full compilation: ", rule.op, " on int64 value ", name(value),
                   " is not supported, and int32 narrowing is not allowed (truncate_long_and_double=False)\n  at ",
                   ir::where(*node), "\n  range ", range, ", int32 holds ", kInt32Range,
                   "\n  Set truncate_long_and_double=True, or allow fallback (require_full_compilation=False).");  // c3
  }

  std::optional<int64_t> bound_of(const Node* node, const Int32Rule& rule) const {
    if (rule.bound_argument < 0) return std::nullopt;
    const auto bound = torch::jit::toIValue(node->input(rule.bound_argument));
    if (!bound || !bound->isInt() || bound->toInt() < 0) return std::nullopt;
    return bound->toInt();
  }

  // -- ways out

  void leave(const Value* value, const Node* node, DType from, const std::string& cause) {
    if (plan_.in_pytorch.emplace(node, cause).second)
      row(value, node, from, from, DtypeDecision::kFallback, "runs in PyTorch", cause);
  }

  void refuse_misfit(const Value* value, const Node* node, const at::Tensor& tensor, const std::string& to,
                     const std::string& cause) const {
    const std::string bad = misfit(tensor);
    TORCHTRT_REQUIRE(kInt64Range, bad.empty(), "Constant ", name(value), " holds ", bad, ", outside ", to, ", and ",
                     cause, "\n  at ", ir::where(*node),
                     "\n  Options: keep this operator in PyTorch (torch_executed_ops), reduce the values, or use "
                     "ir='dynamo'.");
  }

  const ir::TypedGraph& graph_;
  const DtypePermissions permissions_;
  const std::vector<Int32Rule>& rules_;
  Ranges ranges_;
  DtypePlan plan_;
  std::set<const Value*> seen_;
};

}  // namespace

const std::vector<Int32Rule>& int32_rules() {
  static const std::vector<Int32Rule> rules;  // none: every layer that our converters use takes int64
  return rules;
}

DtypePlan plan_dtypes(const ir::TypedGraph& graph, const DtypePermissions& permissions,
                      const std::vector<Int32Rule>& rules) {
  return Policy(graph, permissions, rules).run();
}

}  // namespace torchtrt::lowering

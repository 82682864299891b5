// 0.5 * x * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 * x^3)))  ->  Activation(x), GELU_TANH
// 0.5 * x * (1 + erf(x / sqrt(2)))                            ->  Activation(x), GELU_ERF
//
// Operands of sums and products may come in any order, powers may be products, divisions by numbers products, and the
// first inner sum may be x * (1 + 0.044715 * x^2). Valid for scalar constants that equal the formula's as far as the
// type can tell, and intermediate tensors that nothing else uses. The result is rounded once.
#include <algorithm>
#include <cmath>

#include "core/engine/layers/activation.h"
#include "core/engine/layers/elementwise.h"
#include "core/engine/layers/unary.h"
#include "core/engine/passes/list.h"
#include "core/engine/passes/rewrite.h"

namespace torchtrt::engine {
namespace {

constexpr int kDeepest = 6;  // products in products

// A product of a number and values that are no products themselves; those to an integer power are there as often.
struct Product {
  double number = 1;
  std::vector<ValueId> factors;

  bool is(std::vector<ValueId> wanted) const {
    std::vector<ValueId> mine = factors;
    std::sort(mine.begin(), mine.end());
    std::sort(wanted.begin(), wanted.end());
    return mine == wanted;
  }
};

const ElementWise* binary(const Graph& graph, ValueId value) { return producer_as<ElementWise>(graph, value); }

std::optional<double> number_of(const Graph& graph, ValueId value) {
  return value == kNoId ? std::nullopt : uniform_value(graph, value);
}

void collect(const Graph& graph, ValueId value, int depth, Product& product);

// Whether the value is a product that vanishes into the whole.
bool collect_inside(const Graph& graph, ValueId value, int depth, Product& product) {
  const auto* op = binary(graph, value);
  if (!op || depth > kDeepest || (depth > 0 && !is_private(graph, value))) return false;
  const ValueId a = input_of(graph, value, 0), b = input_of(graph, value, 1);
  const auto number = number_of(graph, b);
  if (op->op == ElementWiseOp::kProd) {
    collect(graph, a, depth + 1, product);
    collect(graph, b, depth + 1, product);
  } else if (op->op == ElementWiseOp::kDiv && number && *number != 0) {
    collect(graph, a, depth + 1, product);
    product.number /= *number;
  } else if (op->op == ElementWiseOp::kPow && number && (*number == 2 || *number == 3)) {
    product.factors.insert(product.factors.end(), static_cast<size_t>(*number), a);
  } else {
    return false;
  }
  return true;
}

void collect(const Graph& graph, ValueId value, int depth, Product& product) {
  if (const auto number = number_of(graph, value)) {
    product.number *= *number;
  } else if (!collect_inside(graph, value, depth, product)) {
    product.factors.push_back(value);
  }
}

Product product_of(const Graph& graph, ValueId value, int depth = 1) {
  Product product;
  collect(graph, value, depth, product);
  return product;
}

bool is_near(const Graph& graph, ValueId like, double number, double wanted) {
  const DType dtype = graph.stale_value(like).dtype;
  const double tolerance = dtype == DType::kFloat32 ? 1e-6 : dtype == DType::kFloat16 ? 2e-3 : 1e-2;
  return std::fabs(number - wanted) <= tolerance * std::fabs(wanted);
}

// The operand beside the number 1 of a private sum; kNoId: it is something else.
ValueId beside_one(const Graph& graph, ValueId value) {
  const auto* op = binary(graph, value);
  if (!op || op->op != ElementWiseOp::kSum || !is_private(graph, value)) return kNoId;
  for (const int side : {0, 1})
    if (const auto number = number_of(graph, input_of(graph, value, side)); number && is_near(graph, value, *number, 1))
      return input_of(graph, value, 1 - side);
  return kNoId;
}

bool is_cubic_term(const Graph& graph, ValueId value, const std::vector<ValueId>& powers) {
  const Product product = product_of(graph, value);
  return product.is(powers) && is_near(graph, value, product.number, 0.044715);
}

// x + 0.044715 * x^3
bool is_cubic(const Graph& graph, ValueId value, ValueId x) {
  const auto* op = binary(graph, value);
  if (!op || op->op != ElementWiseOp::kSum || !is_private(graph, value)) return false;
  for (const int side : {0, 1})
    if (input_of(graph, value, side) == x && is_cubic_term(graph, input_of(graph, value, 1 - side), {x, x, x}))
      return true;
  return false;
}

bool is_inside_tanh(const Graph& graph, ValueId value, ValueId x) {
  const Product product = product_of(graph, value);
  if (!is_near(graph, value, product.number, std::sqrt(2 / std::acos(-1.0)))) return false;
  if (product.factors.size() == 1) return is_cubic(graph, product.factors[0], x);
  if (product.factors.size() != 2) return false;
  const ValueId sum = product.factors[0] == x ? product.factors[1] : product.factors[0];
  const ValueId square = product.is({x, sum}) ? beside_one(graph, sum) : kNoId;
  return square != kNoId && is_cubic_term(graph, square, {x, x});
}

bool is_inside_erf(const Graph& graph, ValueId value, ValueId x) {
  const Product product = product_of(graph, value);
  return product.is({x}) && is_near(graph, value, product.number, std::sqrt(0.5));
}

// Which gelu of x has the factors 0.5, x and 1 + `value`.
std::optional<ActivationType> form_of(const Graph& graph, ValueId value, ValueId x) {
  if (value == kNoId || !is_private(graph, value)) return std::nullopt;
  const ValueId inside = input_of(graph, value, 0);
  const auto* activation = producer_as<Activation>(graph, value);
  const auto* unary = producer_as<Unary>(graph, value);
  if (activation && activation->type == ActivationType::kTanh && is_inside_tanh(graph, inside, x))
    return ActivationType::kGeluTanh;
  if (unary && unary->op == UnaryOp::kErf && is_inside_erf(graph, inside, x)) return ActivationType::kGeluErf;
  return std::nullopt;
}

bool rewrite(Graph& graph, NodeId id) {
  const auto* op = as<ElementWise>(*graph.node(id).layer);
  if (!op || (op->op != ElementWiseOp::kProd && op->op != ElementWiseOp::kDiv)) return false;
  const ValueId result = graph.node(id).outputs[0];
  const Product product = product_of(graph, result, 0);
  if (product.factors.size() != 2 || !is_near(graph, result, product.number, 0.5)) return false;
  for (const size_t side : {0, 1}) {
    const ValueId x = product.factors[side];
    const auto form = form_of(graph, beside_one(graph, product.factors[1 - side]), x);
    if (!form || graph.value(x).shape != graph.value(result).shape) continue;
    take_over(graph, result, graph.node(graph.add(Activation{*form, 0, 0}, {x})).outputs[0]);
    return true;
  }
  return false;
}

}  // namespace

bool make_gelu(Graph& graph) {
  bool changed = false;
  for (const NodeId id : graph.order()) changed = rewrite(graph, id) || changed;
  return changed;
}

}  // namespace torchtrt::engine

// Normalization written as parts, with casts between the floating types anywhere.
#include "core/engine/passes/normalization_parts.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "core/engine/layers/cast.h"
#include "core/engine/layers/elementwise.h"
#include "core/engine/layers/normalization.h"
#include "core/engine/layers/reduce.h"
#include "core/engine/layers/unary.h"
#include "core/engine/passes/rewrite.h"

namespace torchtrt::engine {
namespace {

bool is_float_cast(const Graph& graph, ValueId value) {
  return producer_as<Cast>(graph, value) && is_floating(graph.stale_value(value).dtype) &&
         is_floating(graph.stale_value(input_of(graph, value, 0)).dtype);
}

// A matcher for one core. Values between x and the result are noted in between_; a way that leads nowhere is taken
// back.
class Matcher {
 public:
  explicit Matcher(const Graph& graph) : graph_(graph) {}

  std::optional<NormalizationParts> match(NodeId id) {
    const Node& node = graph_.node(id);
    const auto* op = as<ElementWise>(*node.layer);
    if (!op) return std::nullopt;
    const bool found = (op->op == ElementWiseOp::kDiv && match_core(node.inputs[0], root(node.inputs[1]))) ||
                       (op->op == ElementWiseOp::kProd && (match_core(node.inputs[0], inverse_root(node.inputs[1])) ||
                                                           match_core(node.inputs[1], inverse_root(node.inputs[0]))));
    if (!found || !is_floating(graph_.stale_value(parts_.x).dtype)) return std::nullopt;
    parts_.result = node.outputs[0];
    const Shape &x = graph_.value(parts_.x).shape, &y = graph_.value(parts_.result).shape;
    if (!x.is_valid() || x != y) return std::nullopt;
    parts_.by_rows = are_last(parts_.axes, x.rank());
    if (early_scale_ != kNoId && !take(parts_.scale, early_scale_)) return std::nullopt;
    while (grow()) continue;
    return are_hidden() ? std::optional(parts_) : std::nullopt;
  }

 private:
  template <class Op>
  const Op* at(ValueId value) const {
    return value == kNoId ? nullptr : producer_as<Op>(graph_, value);
  }

  ValueId through_casts(ValueId value) {
    for (; is_float_cast(graph_, value); value = input_of(graph_, value, 0)) between_.push_back(value);
    return value;
  }

  ValueId unwidened(ValueId value) const { return engine::unwidened(graph_, value); }

  // The node of an operation behind casts; null: another one.
  const Node* binary(ValueId value, ElementWiseOp wanted) {
    const ValueId core = through_casts(value);
    const auto* op = at<ElementWise>(core);
    if (!op || op->op != wanted) return nullptr;
    between_.push_back(core);
    return &producer_of(graph_, core);
  }

  ValueId unary(ValueId value, UnaryOp wanted) {
    const ValueId core = through_casts(value);
    const auto* op = at<Unary>(core);
    if (!op || op->op != wanted) return kNoId;
    between_.push_back(core);
    return input_of(graph_, core, 0);
  }

  bool is_number(ValueId value, double wanted) const { return uniform_value(graph_, value) == wanted; }

  ValueId power(ValueId value, double exponent) {
    const Node* node = binary(value, ElementWiseOp::kPow);
    return node && is_number(node->inputs[1], exponent) ? node->inputs[0] : kNoId;
  }

  // The first of some ways that leads somewhere.
  template <class... Way>
  ValueId first_of(Way... way) {
    ValueId found = kNoId;
    const size_t before = between_.size();
    const auto attempt = [&](const auto& step) {
      between_.resize(before);
      found = step();
      return found != kNoId;
    };
    if (!(attempt(way) || ...)) between_.resize(before);
    return found;
  }

  ValueId root(ValueId value) {
    return first_of([&] { return unary(value, UnaryOp::kSqrt); }, [&] { return power(value, 0.5); });
  }

  ValueId inverse_root(ValueId value) {
    const auto reciprocal = [&] {
      const ValueId inside = unary(value, UnaryOp::kRecip);
      return inside == kNoId ? kNoId : root(inside);
    };
    const auto quotient = [&] {
      const Node* node = binary(value, ElementWiseOp::kDiv);
      return node && is_number(node->inputs[0], 1) ? root(node->inputs[1]) : kNoId;
    };
    return first_of(
        reciprocal, [&] { return power(value, -0.5); }, quotient);
  }

  // The operand of mean(operand, axes) that keeps its axes; also told as sum / count.
  ValueId mean(ValueId value, uint32_t& axes) {
    const auto average = [&] { return reduced(through_casts(value), ReduceOp::kAvg, axes); };
    const auto quotient = [&]() -> ValueId {
      const Node* node = binary(value, ElementWiseOp::kDiv);
      const ValueId sum = node ? node->inputs[0] : kNoId;
      const ValueId operand = node ? reduced(sum, ReduceOp::kSum, axes) : kNoId;
      return operand != kNoId && is_number(node->inputs[1], count_of(operand, axes)) ? operand : kNoId;
    };
    return first_of(average, quotient);
  }

  ValueId reduced(ValueId value, ReduceOp wanted, uint32_t& axes) {
    const auto* op = at<Reduce>(value);
    if (!op || op->op != wanted || !op->keep_dims) return kNoId;
    between_.push_back(value);
    axes = op->axes;
    return input_of(graph_, value, 0);
  }

  // Elements that a mean is of; nan, which is no number's equal, where that is not known, or more than the type can
  // tell apart from one less.
  double count_of(ValueId value, uint32_t axes) const {
    const Shape& shape = graph_.value(value).shape;
    double count = 1;
    for (int axis = 0; axis < shape.rank(); ++axis)
      if (axes >> axis & 1) count *= static_cast<double>(shape[axis]);
    const bool wide = graph_.stale_value(value).dtype == DType::kFloat32;
    return count > 0 && count <= (wide ? 1 << 24 : 256) ? count : std::nan("");
  }

  // x of x - mean(x).
  ValueId centered(ValueId value, uint32_t& axes) {
    const Node* node = binary(value, ElementWiseOp::kSub);
    if (!node) return kNoId;
    const ValueId operand = mean(node->inputs[1], axes);
    const ValueId x = unwidened(node->inputs[0]);
    return operand != kNoId && unwidened(operand) == x ? x : kNoId;
  }

  ValueId squared(ValueId value) {
    const auto product = [&]() -> ValueId {
      const Node* node = binary(value, ElementWiseOp::kProd);
      return node && node->inputs[0] == node->inputs[1] ? node->inputs[0] : kNoId;
    };
    return first_of([&] { return power(value, 2); }, product);
  }

  // mean(d^2) + epsilon: notes x, axes, epsilon, and whether d is x - mean(x).
  bool match_variance(ValueId value) {
    const Node* sum = binary(value, ElementWiseOp::kSum);
    if (!sum) return false;
    for (const int side : {0, 1}) {
      const auto epsilon = uniform_value(graph_, sum->inputs[side]);
      if (!epsilon || !(*epsilon >= 0)) continue;
      const ValueId square = mean(sum->inputs[1 - side], parts_.axes);
      const ValueId operand = square == kNoId ? kNoId : squared(square);
      if (operand == kNoId) return false;
      uint32_t axes = 0;
      const ValueId inside = first_of([&] { return centered(operand, axes); });
      parts_.center = inside != kNoId && axes == parts_.axes;
      parts_.x = parts_.center ? inside : unwidened(operand);
      parts_.epsilon = *epsilon;
      return true;
    }
    return false;
  }

  bool is_numerator(ValueId value) {
    if (!parts_.center) return unwidened(value) == parts_.x;
    uint32_t axes = 0;
    return first_of([&] { return centered(value, axes) == parts_.x && axes == parts_.axes ? parts_.x : kNoId; }) !=
           kNoId;
  }

  bool match_core(ValueId numerator, ValueId variance) {
    if (variance == kNoId || !match_variance(variance)) return forget();
    if (is_numerator(numerator)) return true;
    const Node* product = binary(numerator, ElementWiseOp::kProd);  // scaled before it is divided
    for (const int side : {0, 1}) {
      if (!product || !is_numerator(product->inputs[side])) continue;
      early_scale_ = product->inputs[1 - side];
      return true;
    }
    return forget();
  }

  bool forget() {
    between_.clear();
    return false;
  }

  // Whether scale and bias may take such a value: it runs over the rows, or just broadcasts where the layer says that.
  bool take(ValueId& role, ValueId parameter) {
    const Value &x = graph_.value(parts_.x), &value = graph_.value(parameter);
    const bool first = parts_.scale == kNoId && parts_.bias == kNoId;
    const bool row = parts_.by_rows && engine::runs_over(value.shape, x.shape, parts_.axes);
    if (!row) {
      if (!first && parts_.by_rows) return false;
      if (!parts_.center || value.dtype != x.dtype || graph_.stale_value(parts_.result).dtype != x.dtype) return false;
      if (!runs_over_some(value.shape, x.shape)) return false;
      if (!first && value.shape != graph_.value(parts_.scale == kNoId ? parts_.bias : parts_.scale).shape) return false;
      parts_.by_rows = false;
    }
    role = parameter;
    return true;
  }

  static bool runs_over_some(const Shape& parameter, const Shape& x) {
    if (parameter.rank() != x.rank()) return false;
    for (int axis = 0; axis < x.rank(); ++axis)
      if (parameter[axis] != 1 && (parameter[axis] == kUnknown || parameter[axis] != x[axis])) return false;
    return true;
  }

  // Takes in what is done to the result alone: narrowing, a product with a scale, a sum with a bias.
  bool grow() {
    const ValueId result = parts_.result;
    if (!is_private(graph_, result)) return false;
    const Node& user = graph_.node(graph_.users(result)[0]);
    if (user.outputs.empty() || graph_.value(user.outputs[0]).shape != graph_.value(result).shape) return false;
    const ValueId next = user.outputs[0];
    if (as<Cast>(*user.layer)) {
      const DType from = graph_.stale_value(result).dtype, to = graph_.stale_value(next).dtype;
      if (!parts_.by_rows || !is_floating(to) || bits_of(to) >= bits_of(from)) return false;
    } else {
      const auto* op = as<ElementWise>(*user.layer);
      if (!op) return false;
      const ValueId other = user.inputs[user.inputs[0] == result ? 1 : 0];
      const bool scales = op->op == ElementWiseOp::kProd && parts_.scale == kNoId && parts_.bias == kNoId;
      const bool shifts = op->op == ElementWiseOp::kSum && parts_.bias == kNoId;
      if (!(scales && take(parts_.scale, other)) && !(shifts && take(parts_.bias, other))) return false;
    }
    between_.push_back(result);
    parts_.result = next;
    return true;
  }

  // Nothing else uses what is in between.
  bool are_hidden() const {
    const auto inside = [&](ValueId value) {
      return value == parts_.result || std::find(between_.begin(), between_.end(), value) != between_.end();
    };
    return std::all_of(between_.begin(), between_.end(), [&](ValueId value) {
      if (is_marked(graph_, value)) return false;
      const std::vector<NodeId> users = graph_.users(value);
      return std::all_of(users.begin(), users.end(), [&](NodeId user) {
        const std::vector<ValueId>& outputs = graph_.node(user).outputs;
        return outputs.size() == 1 && inside(outputs[0]);
      });
    });
  }

  const Graph& graph_;
  NormalizationParts parts_;
  ValueId early_scale_ = kNoId;
  std::vector<ValueId> between_;
};

}  // namespace

std::optional<NormalizationParts> match_normalization(const Graph& graph, NodeId id) {
  return Matcher(graph).match(id);
}

std::optional<RowNormalization> as_rows(const Graph& graph, NodeId id) {
  const Node& node = graph.node(id);
  if (const auto* rows = as<RowNormalization>(*node.layer))
    return node.inputs.size() <= RowNormalization::kResidual ? std::optional(*rows) : std::nullopt;
  const auto* op = as<Normalization>(*node.layer);
  if (!op || op->groups != 1) return std::nullopt;
  const Value& x = graph.value(node.inputs[0]);
  if (!are_last(op->axes, x.shape.rank())) return std::nullopt;
  for (const size_t i : {1, 2})
    if (!runs_over(graph.value(node.inputs[i]).shape, x.shape, op->axes)) return std::nullopt;
  RowNormalization rows;
  rows.epsilon = op->epsilon;
  rows.axes = std::popcount(op->axes);
  rows.to_type = x.dtype;
  return rows;
}

ValueId unwidened(const Graph& graph, ValueId value) {
  while (is_float_cast(graph, value)) {
    const ValueId before = input_of(graph, value, 0);
    if (bits_of(graph.stale_value(before).dtype) >= bits_of(graph.stale_value(value).dtype)) break;
    value = before;
  }
  return value;
}

bool are_last(uint32_t axes, int rank) {
  const uint32_t all = (1u << rank) - 1;
  const uint32_t others = all & ~axes;
  return axes != 0 && (axes & ~all) == 0 && (others & (others + 1)) == 0;
}

bool runs_over(const Shape& parameter, const Shape& shape, uint32_t axes) {
  if (parameter.rank() != shape.rank()) return false;
  for (int axis = 0; axis < shape.rank(); ++axis)
    if (parameter[axis] == kUnknown || parameter[axis] != (axes >> axis & 1 ? shape[axis] : 1)) return false;
  return true;
}

}  // namespace torchtrt::engine

// DimRule: building, evaluating, encoding.
#include "core/engine/layers/dim_rule.h"

#include <algorithm>

namespace torchtrt::engine {
namespace {

constexpr int64_t kOperations = static_cast<int64_t>(DimOp::kCeilDiv) + 1;

int64_t floor_division(int64_t a, int64_t b) { return a / b - (a % b != 0 && (a < 0) != (b < 0) ? 1 : 0); }

int64_t calculate(DimOp op, int64_t a, int64_t b) {
  int64_t result = 0;
  bool overflow = false;
  switch (op) {
    case DimOp::kSum:
      overflow = __builtin_add_overflow(a, b, &result);
      break;
    case DimOp::kProd:
      overflow = __builtin_mul_overflow(a, b, &result);
      break;
    case DimOp::kSub:
      overflow = __builtin_sub_overflow(a, b, &result);
      break;
    case DimOp::kMax:
      return std::max(a, b);
    case DimOp::kMin:
      return std::min(a, b);
    case DimOp::kEqual:
      return a == b;
    case DimOp::kLess:
      return a < b;
    case DimOp::kFloorDiv:
    case DimOp::kCeilDiv:
      TORCHTRT_CHECK(b != 0, "a length of the plugin's outputs is ", a, " divided by 0");
      if (b == -1) return calculate(DimOp::kSub, 0, a);
      return op == DimOp::kFloorDiv ? floor_division(a, b) : -floor_division(-a, b);
  }
  TORCHTRT_CHECK(!overflow, "a length of the plugin's outputs, of ", a, " and ", b, ", does not fit into 64 bits");
  return result;
}

}  // namespace

DimRule::Number size_unknown(int, DimRule::Number, DimRule::Number) { return std::nullopt; }
DimRule::Number size_at_most(int, DimRule::Number, DimRule::Number upper) { return upper; }
DimRule::Number size_at_opt(int, DimRule::Number opt, DimRule::Number) { return opt; }

DimRule::Term DimRule::add(Kind kind, int64_t a, int64_t b, int64_t c) {
  terms_.push_back({kind, a, b, c});
  return static_cast<Term>(terms_.size()) - 1;
}

DimRule::Term DimRule::constant(int64_t value) { return add(Kind::kConstant, value); }
DimRule::Term DimRule::unknown() { return add(Kind::kUnknown); }
DimRule::Term DimRule::length(int input, int axis) { return add(Kind::kLength, input, axis); }
DimRule::Term DimRule::element(int input, int64_t index) { return add(Kind::kElement, input, index); }
DimRule::Term DimRule::size_tensor(int output, Term opt, Term upper) { return add(Kind::kSize, output, opt, upper); }

DimRule::Term DimRule::operation(int64_t op, Term a, Term b) {
  TORCHTRT_REQUIRE(kInvalidArgument, op >= 0 && op < kOperations, "DimensionOperation ", op, " does not exist");
  if (is_constant(a) && is_constant(b))
    return constant(calculate(static_cast<DimOp>(op), constant_value(a), constant_value(b)));
  return add(Kind::kOperation, op, a, b);
}

std::vector<int> DimRule::size_tensors() const {
  std::vector<int> result;
  for (const Node& node : terms_)
    if (node.kind == Kind::kSize && std::find(result.begin(), result.end(), node.a) == result.end())
      result.push_back(static_cast<int>(node.a));
  return result;
}

DimRule::Number DimRule::value_of(const Node& node, const ShapeArgs& in, const SizeOf& size_of,
                                  const std::vector<Number>& known) const {
  switch (node.kind) {
    case Kind::kConstant:
      return node.a;
    case Kind::kUnknown:
      return std::nullopt;
    case Kind::kLength: {
      TORCHTRT_CHECK(node.a < in.size(), "a plugin's shape rule asks for input ", node.a, " of ", in.size());
      const Shape& shape = in[static_cast<int>(node.a)];
      TORCHTRT_CHECK(shape.has_axis(node.b), "the plugin asked for axis ", node.b, " of input ", node.a,
                     ", which has shape ", shape);
      const int64_t length = shape[static_cast<int>(node.b)];
      return length == kUnknown ? Number() : length;
    }
    case Kind::kElement: {
      const HostValue* value = in.value(static_cast<int>(node.a));
      const bool there = value && node.b < std::ssize(value->elements) && value->elements[node.b].known;
      return there ? value->elements[node.b].as_int() : Number();
    }
    case Kind::kOperation: {
      const Number a = known[node.b], b = known[node.c];
      return a && b ? calculate(static_cast<DimOp>(node.a), *a, *b) : Number();
    }
    case Kind::kSize:
      return size_of(static_cast<int>(node.a), known[node.b], known[node.c]);
  }
  return std::nullopt;
}

Shapes DimRule::evaluate(const ShapeArgs& in, const SizeOf& size_of) const {
  std::vector<Number> known;
  known.reserve(terms_.size());
  for (const Node& node : terms_) known.push_back(value_of(node, in, size_of, known));
  Shapes shapes;
  for (const std::vector<Term>& lengths : outputs_) {
    Shape shape;
    for (const Term term : lengths) shape.push_back(known[term].value_or(kUnknown));
    for (size_t axis = 0; axis < lengths.size(); ++axis)
      TORCHTRT_CHECK(!known[lengths[axis]] || *known[lengths[axis]] >= 0, "output ", shapes.size(),
                     " of the plugin has the negative length ", known[lengths[axis]].value_or(0), " at axis ", axis);
    shapes.push_back(shape);
  }
  return shapes;
}

std::vector<int64_t> DimRule::encoded() const {
  std::vector<int64_t> numbers{std::ssize(terms_), std::ssize(outputs_)};
  for (const Node& node : terms_)
    numbers.insert(numbers.end(), {static_cast<int64_t>(node.kind), node.a, node.b, node.c});
  for (const std::vector<Term>& lengths : outputs_) {
    numbers.push_back(std::ssize(lengths));
    numbers.insert(numbers.end(), lengths.begin(), lengths.end());
  }
  return numbers;
}

DimRule DimRule::decoded(const std::vector<int64_t>& numbers) {
  size_t at = 0;
  const auto next = [&](int64_t low, int64_t high) {
    TORCHTRT_REQUIRE(kCorruptPlan, at < numbers.size() && numbers[at] >= low && numbers[at] <= high,
                     "the plan is damaged: number ", at, " of a plugin's shape rule");
    return numbers[at++];
  };
  DimRule rule;
  const int64_t terms = next(0, std::ssize(numbers)), outputs = next(0, std::ssize(numbers));
  for (int64_t i = 0; i < terms; ++i) {
    const auto kind = static_cast<Kind>(next(0, static_cast<int64_t>(Kind::kSize)));
    const int64_t a = next(INT64_MIN, INT64_MAX), b = next(INT64_MIN, INT64_MAX), c = next(INT64_MIN, INT64_MAX);
    rule.add(kind, a, b, c);
  }
  for (int64_t i = 0; i < outputs; ++i) {
    std::vector<Term> lengths;
    for (int64_t left = next(0, kMaxRank); left > 0; --left) lengths.push_back(static_cast<Term>(next(0, terms - 1)));
    rule.add_output(std::move(lengths));
  }
  TORCHTRT_REQUIRE(kCorruptPlan, at == numbers.size(), "the plan is damaged: a plugin's shape rule is too long");
  rule.check();
  return rule;
}

// Operands are terms before their own, and numbers of inputs, axes and outputs are not negative.
void DimRule::check() const {
  for (int64_t i = 0; i < std::ssize(terms_); ++i) {
    const Node& node = terms_[i];
    const bool pair = node.kind == Kind::kOperation || node.kind == Kind::kSize;
    const bool place = node.kind == Kind::kLength || node.kind == Kind::kElement;
    bool right = !pair || (node.b >= 0 && node.b < i && node.c >= 0 && node.c < i);
    if (place) right = node.a >= 0 && node.b >= 0;
    if (node.kind == Kind::kOperation) right = right && node.a >= 0 && node.a < kOperations;
    if (node.kind == Kind::kSize) right = right && node.a >= 0 && node.a < std::ssize(outputs_);
    TORCHTRT_REQUIRE(kCorruptPlan, right, "the plan is damaged: term ", i, " of a plugin's shape rule");
  }
}

}  // namespace torchtrt::engine

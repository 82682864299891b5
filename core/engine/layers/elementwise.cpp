// ElementWise: two operands, element by element, with broadcasting.
//   c1  two inputs
//   c2  both of one type
//   c3  arithmetic takes floating types, int32, int64, int8
//   c4  AND, OR and XOR take bool
//   c5  EQUAL takes floating types, int32, int64, bool; GREATER and LESS the same without bool
//   c6  equal ranks
//   c7  lengths broadcast
// Integers wrap; their division by zero gives 0. MAX and MIN of NaN are NaN, comparisons with it false.
#include "core/engine/layers/elementwise.h"

#include <cmath>

#include "core/engine/layers/host_math.h"
#include "core/engine/layers/rules.h"

namespace torchtrt::engine {
namespace {

enum class Family { kArithmetic, kLogic, kComparison };

Family family_of(ElementWiseOp op) {
  if (op >= ElementWiseOp::kEqual) return Family::kComparison;
  return op >= ElementWiseOp::kAnd ? Family::kLogic : Family::kArithmetic;
}

// Arithmetic of uint64_t wraps; its low bits are those of the signed result.
int64_t wrap_add(int64_t a, int64_t b) {
  return static_cast<int64_t>(static_cast<uint64_t>(a) + static_cast<uint64_t>(b));
}
int64_t wrap_sub(int64_t a, int64_t b) {
  return static_cast<int64_t>(static_cast<uint64_t>(a) - static_cast<uint64_t>(b));
}
int64_t wrap_mul(int64_t a, int64_t b) {
  return static_cast<int64_t>(static_cast<uint64_t>(a) * static_cast<uint64_t>(b));
}

int64_t divide(int64_t a, int64_t b) {
  if (b == 0) return 0;
  return b == -1 ? wrap_sub(0, a) : a / b;
}

int64_t floor_divide(int64_t a, int64_t b) {
  const int64_t quotient = divide(a, b);
  const bool rounded_up = b != 0 && b != -1 && a % b != 0 && (a < 0) != (b < 0);
  return quotient - (rounded_up ? 1 : 0);
}

// A negative exponent gives the truncated fraction: 0 but for bases 1 and -1.
int64_t power(int64_t base, int64_t exponent) {
  if (exponent < 0) {
    if (base == 1) return 1;
    return base == -1 ? (exponent % 2 == 0 ? 1 : -1) : 0;
  }
  int64_t result = 1;
  for (; exponent > 0; exponent >>= 1, base = wrap_mul(base, base))
    if (exponent & 1) result = wrap_mul(result, base);
  return result;
}

int64_t integer_result(ElementWiseOp op, int64_t a, int64_t b) {
  switch (op) {
    case ElementWiseOp::kSum:
      return wrap_add(a, b);
    case ElementWiseOp::kProd:
      return wrap_mul(a, b);
    case ElementWiseOp::kMax:
      return std::max(a, b);
    case ElementWiseOp::kMin:
      return std::min(a, b);
    case ElementWiseOp::kSub:
      return wrap_sub(a, b);
    case ElementWiseOp::kDiv:
      return divide(a, b);
    case ElementWiseOp::kPow:
      return power(a, b);
    case ElementWiseOp::kFloorDiv:
      return floor_divide(a, b);
    case ElementWiseOp::kAnd:
      return a & b;
    case ElementWiseOp::kOr:
      return a | b;
    case ElementWiseOp::kXor:
      return a ^ b;
    case ElementWiseOp::kEqual:
      return a == b;
    case ElementWiseOp::kGreater:
      return a > b;
    case ElementWiseOp::kLess:
      return a < b;
  }
  TORCHTRT_THROW(kInternal, "unknown elementwise operation ", static_cast<int>(op));
}

double maximum(double a, double b) { return std::isnan(a) || std::isnan(b) ? std::nan("") : std::max(a, b); }
double minimum(double a, double b) { return std::isnan(a) || std::isnan(b) ? std::nan("") : std::min(a, b); }

double float_result(ElementWiseOp op, double a, double b) {
  switch (op) {
    case ElementWiseOp::kSum:
      return a + b;
    case ElementWiseOp::kProd:
      return a * b;
    case ElementWiseOp::kMax:
      return maximum(a, b);
    case ElementWiseOp::kMin:
      return minimum(a, b);
    case ElementWiseOp::kSub:
      return a - b;
    case ElementWiseOp::kDiv:
      return a / b;
    case ElementWiseOp::kPow:
      return std::pow(a, b);
    case ElementWiseOp::kFloorDiv:
      return std::floor(static_cast<double>(static_cast<float>(a / b)));
    default:
      TORCHTRT_THROW(kInternal, "elementwise operation ", static_cast<int>(op), " gives no number");
  }
}

int64_t compare(ElementWiseOp op, double a, double b) {
  if (op == ElementWiseOp::kEqual) return a == b;
  return op == ElementWiseOp::kGreater ? a > b : a < b;
}

// What one known operand alone decides: 0 * x of integers, false AND x, true OR x.
std::optional<int64_t> absorbed(ElementWiseOp op, const HostScalar& x) {
  if (!x.known || x.floating) return std::nullopt;
  if ((op == ElementWiseOp::kProd || op == ElementWiseOp::kAnd) && x.i == 0) return 0;
  if (op == ElementWiseOp::kOr && x.i != 0) return 1;
  return std::nullopt;
}

HostScalar evaluate(ElementWiseOp op, DType out, const HostScalar& a, const HostScalar& b) {
  if (!a.known || !b.known) {
    const auto alone = absorbed(op, a.known ? a : b);
    return alone ? host_scalar(out, *alone) : HostScalar::unknown();
  }
  if (!a.floating) return host_scalar(out, integer_result(op, a.i, b.i));
  if (family_of(op) == Family::kComparison) return host_scalar(out, compare(op, a.f, b.f));
  return host_scalar(out, float_result(op, a.f, b.f));
}

}  // namespace

Types ElementWise::infer_types(const Types& in) const {
  expect_inputs(in, 2);  // c1
  expect_one_type(in);   // c2
  const bool number = is_floating(in[0]) || is_index(in[0]);
  switch (family_of(op)) {
    case Family::kArithmetic:
      expect_type(number || in[0] == DType::kInt8, "an operand of arithmetic",
                  "float32, float16, bfloat16, int32, int64 or int8", in[0]);  // c3
      return {in[0]};
    case Family::kLogic:
      expect_type(in[0] == DType::kBool, "an operand of AND, OR, XOR", "bool", in[0]);  // c4
      return {DType::kBool};
    case Family::kComparison:
      break;
  }
  expect_type(number || (in[0] == DType::kBool && op == ElementWiseOp::kEqual), "an operand of a comparison",
              "float32, float16, bfloat16, int32 or int64 (EQUAL: or bool)", in[0]);  // c5
  return {DType::kBool};
}

Shapes ElementWise::infer_shapes(const ShapeArgs& in) const {
  return {expect_broadcast(in[0], in[1])};  // c6, c7
}

std::optional<HostValues> ElementWise::fold(const HostArgs& in) const {
  const DType out = family_of(op) == Family::kArithmetic ? in.type(0) : DType::kBool;
  return map_pairs(in, out, [&](const HostScalar& a, const HostScalar& b) { return evaluate(op, out, a, b); });
}

TORCHTRT_LAYER(ElementWise);

}  // namespace torchtrt::engine

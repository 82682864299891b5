// Unary: one function of each element. The sign of NaN is 0. Functions of int8 are computed in float32, truncated and
// clamped; integers negate with wrap-around.
//   c1  one input
//   c2  NOT takes bool
//   c3  ABS, NEG and SIGN take floating types, int8, int32, int64
//   c4  ISINF and ISNAN take floating types, and give bool
//   c5  all others take floating types and int8
#include "core/engine/layers/unary.h"

#include <cmath>

#include "core/engine/layers/host_math.h"
#include "core/engine/layers/rules.h"

namespace torchtrt::engine {
namespace {

bool is_test(UnaryOp op) { return op == UnaryOp::kIsInf || op == UnaryOp::kIsNan; }

int64_t integer_result(UnaryOp op, int64_t x) {
  const auto negated = static_cast<int64_t>(0 - static_cast<uint64_t>(x));
  switch (op) {
    case UnaryOp::kAbs:
      return x < 0 ? negated : x;
    case UnaryOp::kNeg:
      return negated;
    case UnaryOp::kSign:
      return (x > 0) - (x < 0);
    case UnaryOp::kNot:
      return x == 0;
    default:
      TORCHTRT_THROW(kInternal, "unary operation ", static_cast<int>(op), " takes no integers");
  }
}

double float_result(UnaryOp op, double x) {
  switch (op) {
    case UnaryOp::kExp:
      return std::exp(x);
    case UnaryOp::kLog:
      return std::log(x);
    case UnaryOp::kSqrt:
      return std::sqrt(x);
    case UnaryOp::kRecip:
      return 1 / x;
    case UnaryOp::kAbs:
      return std::fabs(x);
    case UnaryOp::kNeg:
      return -x;
    case UnaryOp::kSin:
      return std::sin(x);
    case UnaryOp::kCos:
      return std::cos(x);
    case UnaryOp::kTan:
      return std::tan(x);
    case UnaryOp::kSinh:
      return std::sinh(x);
    case UnaryOp::kCosh:
      return std::cosh(x);
    case UnaryOp::kAsin:
      return std::asin(x);
    case UnaryOp::kAcos:
      return std::acos(x);
    case UnaryOp::kAtan:
      return std::atan(x);
    case UnaryOp::kAsinh:
      return std::asinh(x);
    case UnaryOp::kAcosh:
      return std::acosh(x);
    case UnaryOp::kAtanh:
      return std::atanh(x);
    case UnaryOp::kCeil:
      return std::ceil(x);
    case UnaryOp::kFloor:
      return std::floor(x);
    case UnaryOp::kErf:
      return std::erf(x);
    case UnaryOp::kSign:
      return (x > 0) - (x < 0);
    case UnaryOp::kRound:
      return std::nearbyint(x);
    default:
      TORCHTRT_THROW(kInternal, "unary operation ", static_cast<int>(op), " gives no number");
  }
}

HostScalar evaluate(UnaryOp op, DType out, const HostScalar& x) {
  if (op == UnaryOp::kIsInf) return host_scalar(out, static_cast<int64_t>(std::isinf(x.f)));
  if (op == UnaryOp::kIsNan) return host_scalar(out, static_cast<int64_t>(std::isnan(x.f)));
  return x.floating ? host_scalar(out, float_result(op, x.f)) : host_scalar(out, integer_result(op, x.i));
}

}  // namespace

Types Unary::infer_types(const Types& in) const {
  expect_inputs(in, 1);  // c1
  const DType type = in[0];
  const bool real = is_floating(type) || type == DType::kInt8;
  if (op == UnaryOp::kNot) {
    expect_type(type == DType::kBool, "the input of NOT", "bool", type);  // c2
    return {DType::kBool};
  }
  if (op == UnaryOp::kAbs || op == UnaryOp::kNeg || op == UnaryOp::kSign) {
    expect_type(real || is_index(type), "the input of ABS, NEG, SIGN",
                "float32, float16, bfloat16, int8, int32 or int64", type);  // c3
    return {type};
  }
  if (is_test(op)) {
    expect_type(is_floating(type), "the input of ISINF, ISNAN", "float32, float16 or bfloat16", type);  // c4
    return {DType::kBool};
  }
  expect_type(real, "the input of this unary operation", "float32, float16, bfloat16 or int8", type);  // c5
  return {type};
}

Shapes Unary::infer_shapes(const ShapeArgs& in) const { return {in[0]}; }

std::optional<HostValues> Unary::fold(const HostArgs& in) const {
  const DType out = is_test(op) ? DType::kBool : in.type(0);
  return map_elements(in, out, [&](const HostScalar& x) { return evaluate(op, out, x); });
}

TORCHTRT_LAYER(Unary);

}  // namespace torchtrt::engine

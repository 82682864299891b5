// Arithmetic with more than a layer: alpha, division, powers, remainders, clamps.
#include <cmath>

#include "core/conversion/converters/common.h"

namespace torchtrt::conversion {
namespace {

// self + alpha * other, or self - alpha * other; `self` and `other` change places for rsub.
Tensor sum(Builder& b, const Call& call, const Operand& left, const Operand& right, ElementWiseOperation op) {
  auto operands = b.promote({&left, &right}, call.result());
  if (call.result() == at::kBool) return b.elementwise(ElementWiseOperation::kOR, operands[0], operands[1]);
  if (call.given("alpha") && call.number("alpha") != 1)
    operands[1] = b.mul(operands[1], b.scalar(call.scalar("alpha"), call.result()));
  return b.wrapped(b.elementwise(op, operands[0], operands[1]));
}

Tensor convert_add(Builder& b, const Call& call) {
  return sum(b, call, call["self"], call["other"], ElementWiseOperation::kSUM);
}
Tensor convert_sub(Builder& b, const Call& call) {
  return sum(b, call, call["self"], call["other"], ElementWiseOperation::kSUB);
}
Tensor convert_rsub(Builder& b, const Call& call) {
  return sum(b, call, call["other"], call["self"], ElementWiseOperation::kSUB);
}
const Registration add({"aten::add.Tensor", "aten::add.Scalar"}, one(convert_add));
const Registration sub({"aten::sub.Tensor", "aten::sub.Scalar"}, one(convert_sub));
const Registration rsub({"aten::rsub.Tensor", "aten::rsub.Scalar"}, one(convert_rsub));

Tensor convert_div(Builder& b, const Call& call) {
  const auto operands = b.promote({&call["self"], &call["other"]}, call.result());
  return divide(b, operands[0], operands[1], call.given("rounding_mode") ? call.text("rounding_mode") : "");
}
const Registration div({"aten::div.Tensor", "aten::div.Scalar", "aten::div.Tensor_mode", "aten::div.Scalar_mode"},
                       one(convert_div));

Tensor convert_floor_divide(Builder& b, const Call& call) {
  const auto operands = b.promote({&call["self"], &call["other"]}, call.result());
  return divide(b, operands[0], operands[1], "floor");
}
const Registration floor_divide({"aten::floor_divide", "aten::floor_divide.Scalar"}, one(convert_floor_divide));

// remainder has the sign of the divisor, fmod that of the dividend.
Tensor convert_remainder(Builder& b, const Call& call) {
  const auto operands = b.promote({&call["self"], &call["other"]}, call.result());
  return b.sub(operands[0], b.mul(divide(b, operands[0], operands[1], "floor"), operands[1]));
}
Tensor convert_fmod(Builder& b, const Call& call) {
  const auto operands = b.promote({&call["self"], &call["other"]}, call.result());
  return b.sub(operands[0], b.mul(divide(b, operands[0], operands[1], "trunc"), operands[1]));
}
const Registration remainder({"aten::remainder.Tensor", "aten::remainder.Scalar"}, one(convert_remainder));
const Registration fmod({"aten::fmod.Tensor", "aten::fmod.Scalar"}, one(convert_fmod));

Tensor convert_square(Builder& b, const Call& call) {
  const Tensor x = b.cast(call.tensor("self"), call.result());
  return b.wrapped(b.mul(x, x));
}
const Registration square({"aten::square"}, one(convert_square));

// Small whole exponents are products: exact for integers, and as fast as can be.
std::optional<int64_t> small_exponent(const Operand& exponent) {
  if (!exponent.is_constant() || !(exponent.constant.isScalar() || exponent.constant.isTensor())) return std::nullopt;
  if (exponent.constant.isTensor() && exponent.constant.toTensor().numel() != 1) return std::nullopt;
  const at::Scalar value =
      exponent.constant.isTensor() ? exponent.constant.toTensor().item() : exponent.constant.toScalar();
  const double number = value.toDouble();
  if (number != std::floor(number) || number < 1 || number > 64) return std::nullopt;
  return static_cast<int64_t>(number);
}

Tensor power(Builder& b, Tensor x, int64_t exponent) {
  std::optional<Tensor> result;
  for (Tensor factor = x;; factor = b.mul(factor, factor)) {
    if (exponent & 1) result = result ? b.mul(*result, factor) : factor;
    if ((exponent >>= 1) == 0) return *result;
  }
}

Tensor convert_pow(Builder& b, const Call& call) {
  const auto exponent = small_exponent(call["exponent"]);
  const auto operands = b.promote({&call["self"], &call["exponent"]}, call.result());
  const bool integer = c10::isIntegralType(call.result(), false);
  if (exponent && (integer || *exponent <= 3)) {
    if (integer) return b.wrapped(power(b, operands[0], *exponent));
    return b.in_float(operands[0], [&](Tensor y) { return power(b, y, *exponent); });
  }
  return b.wrapped(b.elementwise(ElementWiseOperation::kPOW, operands[0], operands[1]));
}
std::string refuse_pow(const Query& query) {
  return query.result() == at::kBool ? "powers of booleans have no layer" : "";
}
const Registration pow({"aten::pow.Tensor_Tensor", "aten::pow.Tensor_Scalar", "aten::pow.Scalar"}, one(convert_pow),
                       refuse_pow);

Tensor convert_neg(Builder& b, const Call& call) {
  const Tensor x = call.tensor("self");
  if (c10::isIntegralType(x.dtype, false)) return b.wrapped(b.sub(b.scalar(0, x.dtype), x));
  return b.unary(UnaryOperation::kNEG, x);
}
const Registration neg({"aten::neg"}, one(convert_neg));

Tensor convert_rsqrt(Builder& b, const Call& call) {
  return b.in_float(b.cast(call.tensor("self"), call.result()),
                    [&](Tensor y) { return b.unary(UnaryOperation::kRECIP, b.unary(UnaryOperation::kSQRT, y)); });
}
const Registration rsqrt({"aten::rsqrt"}, one(convert_rsqrt));

// log2, log10, log1p, expm1, exp2 from the two that are layers.
Tensor scaled_log(Builder& b, const Call& call, double base) {
  return b.in_float(b.cast(call.tensor("self"), call.result()),
                    [&](Tensor y) { return b.mul(b.unary(UnaryOperation::kLOG, y), 1 / std::log(base)); });
}
Tensor convert_log2(Builder& b, const Call& call) { return scaled_log(b, call, 2); }
Tensor convert_log10(Builder& b, const Call& call) { return scaled_log(b, call, 10); }
Tensor convert_exp2(Builder& b, const Call& call) {
  return b.in_float(b.cast(call.tensor("self"), call.result()),
                    [&](Tensor y) { return b.unary(UnaryOperation::kEXP, b.mul(y, std::log(2.0))); });
}
const Registration log2({"aten::log2"}, one(convert_log2));
const Registration log10({"aten::log10"}, one(convert_log10));
const Registration exp2({"aten::exp2"}, one(convert_exp2));

// self + value * tensor1 * tensor2, or ... / tensor2
Tensor add_term(Builder& b, const Call& call, ElementWiseOperation op) {
  const auto operands = b.promote({&call["self"], &call["tensor1"], &call["tensor2"]}, call.result());
  const Tensor value = b.scalar(call.scalar("value"), call.result());
  return b.add(operands[0], b.mul(b.elementwise(op, operands[1], operands[2]), value));
}
Tensor convert_addcmul(Builder& b, const Call& call) { return add_term(b, call, ElementWiseOperation::kPROD); }
Tensor convert_addcdiv(Builder& b, const Call& call) { return add_term(b, call, ElementWiseOperation::kDIV); }
const Registration addcmul({"aten::addcmul"}, one(convert_addcmul));
const Registration addcdiv({"aten::addcdiv"}, one(convert_addcdiv));

// Rounding leaves integers as they are.
template <UnaryOperation op>
Tensor convert_rounding(Builder& b, const Call& call) {
  const Tensor x = call.tensor("self");
  return c10::isFloatingType(x.dtype) ? b.unary(op, x) : x;
}
const Registration floor({"aten::floor"}, one(convert_rounding<UnaryOperation::kFLOOR>));
const Registration ceil({"aten::ceil"}, one(convert_rounding<UnaryOperation::kCEIL>));
const Registration round({"aten::round"}, one(convert_rounding<UnaryOperation::kROUND>));

Tensor truncated(Builder& b, Tensor x) {
  return b.mul(b.unary(UnaryOperation::kSIGN, x), b.unary(UnaryOperation::kFLOOR, b.unary(UnaryOperation::kABS, x)));
}
Tensor convert_trunc(Builder& b, const Call& call) {
  const Tensor x = call.tensor("self");
  return c10::isFloatingType(x.dtype) ? truncated(b, x) : x;
}
const Registration trunc({"aten::trunc"}, one(convert_trunc));

Tensor convert_clamp(Builder& b, const Call& call) {
  const Tensor x = b.cast(call.tensor("self"), call.result());
  return clamped(b, x, call.given("min") ? &call["min"] : nullptr,
                 call.has("max") && call.given("max") ? &call["max"] : nullptr);
}
const Registration clamp({"aten::clamp", "aten::clamp.Tensor", "aten::clamp_min", "aten::clamp_min.Tensor"},
                         one(convert_clamp));
Tensor convert_clamp_max(Builder& b, const Call& call) {
  return clamped(b, b.cast(call.tensor("self"), call.result()), nullptr, &call["max"]);
}
const Registration clamp_max({"aten::clamp_max", "aten::clamp_max.Tensor"}, one(convert_clamp_max));

}  // namespace

Tensor divide(Builder& b, Tensor a, Tensor other, const std::string& rounding) {
  const bool integer = c10::isIntegralType(a.dtype, false);
  if (rounding == "floor") return b.wrapped(b.elementwise(ElementWiseOperation::kFLOOR_DIV, a, other));
  if (rounding == "trunc") return integer ? b.wrapped(b.div(a, other)) : truncated(b, b.div(a, other));
  return b.div(a, other);
}

Tensor clamped(Builder& b, Tensor x, const Operand* low, const Operand* high) {
  const auto limited = [&](const Operand& limit, ElementWiseOperation op) {
    const auto operands = b.promote({&limit}, x.dtype);
    x = b.elementwise(op, x, operands[0]);
  };
  if (low) limited(*low, ElementWiseOperation::kMAX);
  if (high) limited(*high, ElementWiseOperation::kMIN);
  return x;
}

}  // namespace torchtrt::conversion

// Comparisons without a layer of their own, boolean operators, choices.
#include "core/conversion/converters/common.h"

namespace torchtrt::conversion {
namespace {

Tensor convert_ne(Builder& b, const Call& call) {
  return b.logical_not(compare(b, call, ElementWiseOperation::kEQUAL));
}
// a >= b is (a > b or a == b), which is false for NaN as it has to be.
Tensor convert_ge(Builder& b, const Call& call) {
  return b.elementwise(ElementWiseOperation::kOR, compare(b, call, ElementWiseOperation::kGREATER),
                       compare(b, call, ElementWiseOperation::kEQUAL));
}
Tensor convert_le(Builder& b, const Call& call) {
  return b.elementwise(ElementWiseOperation::kOR, compare(b, call, ElementWiseOperation::kLESS),
                       compare(b, call, ElementWiseOperation::kEQUAL));
}
const Registration ne({"aten::ne.Tensor", "aten::ne.Scalar"}, one(convert_ne));
const Registration ge({"aten::ge.Tensor", "aten::ge.Scalar"}, one(convert_ge));
const Registration le({"aten::le.Tensor", "aten::le.Scalar"}, one(convert_le));

Tensor convert_logical_not(Builder& b, const Call& call) { return b.logical_not(call.tensor("self")); }
const Registration logical_not({"aten::logical_not"}, one(convert_logical_not));

// ~x is not for booleans and -x - 1 for integers.
Tensor convert_bitwise_not(Builder& b, const Call& call) {
  const Tensor x = call.tensor("self");
  if (x.dtype == at::kBool) return b.logical_not(x);
  return b.wrapped(b.sub(b.scalar(-1, x.dtype), x));
}
const Registration bitwise_not({"aten::bitwise_not"}, one(convert_bitwise_not));

template <ElementWiseOperation op>
Tensor convert_bitwise(Builder& b, const Call& call) {
  const auto operands = b.promote({&call["self"], &call["other"]}, at::kBool);
  return b.elementwise(op, operands[0], operands[1]);
}
std::string booleans_only(const Query& query) {
  return query.result() == at::kBool ? "" : "TensorRT has no bitwise operation on integers";
}
const Registration bitwise_and({"aten::bitwise_and.Tensor", "aten::bitwise_and.Scalar", "aten::__and__.Tensor",
                                "aten::__and__.Scalar"},
                               one(convert_bitwise<ElementWiseOperation::kAND>), booleans_only);
const Registration bitwise_or({"aten::bitwise_or.Tensor", "aten::bitwise_or.Scalar", "aten::__or__.Tensor",
                               "aten::__or__.Scalar"},
                              one(convert_bitwise<ElementWiseOperation::kOR>), booleans_only);
const Registration bitwise_xor({"aten::bitwise_xor.Tensor", "aten::bitwise_xor.Scalar", "aten::__xor__.Tensor",
                                "aten::__xor__.Scalar"},
                               one(convert_bitwise<ElementWiseOperation::kXOR>), booleans_only);

Tensor convert_where(Builder& b, const Call& call) {
  const auto values = b.promote({&call["self"], &call["other"]}, call.result());
  return b.select(call.tensor("condition"), values[0], values[1]);
}
const Registration where({"aten::where.self", "aten::where.ScalarOther", "aten::where.ScalarSelf",
                          "aten::where.Scalar"},
                         one(convert_where));

Tensor convert_masked_fill(Builder& b, const Call& call) {
  const Tensor x = call.tensor("self");
  const auto value = b.promote({&call["value"]}, x.dtype);
  return b.select(call.tensor("mask"), value[0], x);
}
const Registration masked_fill({"aten::masked_fill.Scalar", "aten::masked_fill.Tensor"}, one(convert_masked_fill));

Tensor convert_isfinite(Builder& b, const Call& call) {
  const Tensor x = call.tensor("self");
  if (!c10::isFloatingType(x.dtype))
    return b.compare(ElementWiseOperation::kEQUAL, b.cast(x, at::kInt), b.cast(x, at::kInt));
  Tensor infinite = b.unary(UnaryOperation::kISINF, x), nan = b.unary(UnaryOperation::kISNAN, x);
  infinite.dtype = nan.dtype = at::kBool;
  return b.logical_not(b.elementwise(ElementWiseOperation::kOR, infinite, nan));
}
const Registration isfinite({"aten::isfinite"}, one(convert_isfinite));

}  // namespace
}  // namespace torchtrt::conversion

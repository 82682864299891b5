// ElementWise on tensors.
#include <ATen/Functions.h>

#include "core/engine/layers/elementwise.h"
#include "core/engine/layers/kernel_result.h"

namespace torchtrt::engine {
namespace {

// Note [Integer division]: division by zero gives 0 and the least number divided by -1 wraps, without asking a device
// for values: such divisors are replaced by 1 and their results put in behind.
at::Tensor divide_integers(const at::Tensor& a, const at::Tensor& b, const char* rounding) {
  const at::Tensor by_zero = b.eq(0), by_minus_one = b.eq(-1);
  const at::Tensor safe = b.masked_fill(by_zero.logical_or(by_minus_one), 1);
  const at::Tensor quotient = at::div(a, safe, rounding);
  return at::where(by_minus_one, a.neg(), quotient).masked_fill_(by_zero, 0);
}

at::Tensor divide(const at::Tensor& a, const at::Tensor& b, bool floor) {
  if (at::isIntegralType(a.scalar_type(), /*includeBool=*/false))
    return divide_integers(a, b, floor ? "floor" : "trunc");
  return floor ? at::div(widen(a), widen(b)).floor_() : at::div(a, b);
}

using Into = at::Tensor& (*)(at::Tensor&, const at::Tensor&, const at::Tensor&);

// The out= function of an operation; null for the divisions.
Into function_of(ElementWiseOp op) {
  switch (op) {
    case ElementWiseOp::kSum:
      return [](at::Tensor& out, const at::Tensor& a, const at::Tensor& b) -> at::Tensor& {
        return at::add_out(out, a, b);
      };
    case ElementWiseOp::kSub:
      return [](at::Tensor& out, const at::Tensor& a, const at::Tensor& b) -> at::Tensor& {
        return at::sub_out(out, a, b);
      };
    case ElementWiseOp::kProd:
      return at::mul_out;
    case ElementWiseOp::kMax:
      return at::maximum_out;
    case ElementWiseOp::kMin:
      return at::minimum_out;
    case ElementWiseOp::kPow:
      return at::pow_out;
    case ElementWiseOp::kAnd:
      return at::logical_and_out;
    case ElementWiseOp::kOr:
      return at::logical_or_out;
    case ElementWiseOp::kXor:
      return at::logical_xor_out;
    case ElementWiseOp::kEqual:
      return at::eq_out;
    case ElementWiseOp::kGreater:
      return at::gt_out;
    case ElementWiseOp::kLess:
      return at::lt_out;
    default:
      return nullptr;
  }
}

}  // namespace

void run(const ElementWise& op, Call& call) {
  const Into into = function_of(op.op);
  const bool fraction = op.op == ElementWiseOp::kDiv && at::isFloatingType(call.in(0).scalar_type());
  if (into == nullptr && !fraction)
    return deliver(call, divide(call.in(0), call.in(1), op.op == ElementWiseOp::kFloorDiv));
  at::Tensor out = result_tensor(call);
  fraction ? at::div_out(out, call.in(0), call.in(1)) : into(out, call.in(0), call.in(1));
  call.set(0, std::move(out));
}
TORCHTRT_KERNEL(ElementWise);

}  // namespace torchtrt::engine

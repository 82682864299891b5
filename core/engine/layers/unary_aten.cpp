// Unary on tensors.
#include <ATen/Functions.h>

#include "core/engine/layers/kernel_result.h"
#include "core/engine/layers/unary.h"

namespace torchtrt::engine {
namespace {

using Into = at::Tensor& (*)(at::Tensor&, const at::Tensor&);

// By UnaryOp; null: no out= function.
constexpr Into kFunctions[] = {
    at::exp_out,   at::log_out,  at::sqrt_out,        at::reciprocal_out, at::abs_out,   at::neg_out,
    at::sin_out,   at::cos_out,  at::tan_out,         at::sinh_out,       at::cosh_out,  at::asin_out,
    at::acos_out,  at::atan_out, at::asinh_out,       at::acosh_out,      at::atanh_out, at::ceil_out,
    at::floor_out, at::erf_out,  at::logical_not_out, at::sign_out,       at::round_out, nullptr,
    nullptr,
};

bool keeps_integers(UnaryOp op) {
  return op == UnaryOp::kAbs || op == UnaryOp::kNeg || op == UnaryOp::kSign || op == UnaryOp::kNot;
}

}  // namespace

void run(const Unary& op, Call& call) {
  const at::Tensor& x = call.in(0);
  if (op.op == UnaryOp::kIsInf) return call.set(0, at::isinf(x));
  if (op.op == UnaryOp::kIsNan) return call.set(0, at::isnan(x));
  const Into into = kFunctions[static_cast<int>(op.op)];
  if (!keeps_integers(op.op) && x.scalar_type() == at::kChar) {
    at::Tensor number = at::empty({0}, x.options().dtype(at::kFloat));
    return deliver(call, convert(into(number, x.to(at::kFloat)), at::kChar));
  }
  at::Tensor out = result_tensor(call);
  into(out, x);
  call.set(0, std::move(out));
}
TORCHTRT_KERNEL(Unary);

}  // namespace torchtrt::engine

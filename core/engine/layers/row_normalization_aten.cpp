// RowNormalization on tensors: a loop over rows where it is faster, else the parts. On CUDA exec/bound_normalization
// runs one kernel.
#include <ATen/Functions.h>

#include "core/engine/layers/kernel_result.h"
#include "core/engine/layers/row_loop_aten.h"
#include "core/engine/layers/row_normalization.h"

namespace torchtrt::engine {
namespace {

using Op = RowNormalization;

// In the shape of a row; undefined where there is none.
at::Tensor row_of(const Call& call, int i, c10::IntArrayRef row) {
  return call.has(i) ? call.in(i).reshape(row) : at::Tensor();
}

std::optional<at::Tensor> in_type(const at::Tensor& parameter, at::ScalarType type) {
  return parameter.defined() ? std::optional(parameter.to(type)) : std::nullopt;
}

// Statistics of half types are in float32 inside the operator; parameters and result of other types ask for all in
// float32.
at::Tensor layer_norm(const Op& op, const at::Tensor& x, const at::Tensor& scale, const at::Tensor& bias,
                      c10::IntArrayRef row) {
  const auto fits = [&](const at::Tensor& t) { return !t.defined() || t.scalar_type() == x.scalar_type(); };
  const bool plain = scalar_type_of(op.to_type) == x.scalar_type() && fits(scale) && fits(bias);
  const at::Tensor wide = plain ? x : widen(x);
  const at::ScalarType type = wide.scalar_type();
  return std::get<0>(at::native_layer_norm(wide, row, in_type(scale, type), in_type(bias, type), op.epsilon));
}

at::Tensor rms_norm(const Op& op, const at::Tensor& x, const at::Tensor& scale, const at::Tensor& bias,
                    c10::IntArrayRef row) {
  std::vector<int64_t> axes;
  for (int64_t axis = 0; axis < static_cast<int64_t>(row.size()); ++axis) axes.push_back(x.dim() - 1 - axis);
  const at::Tensor wide = widen(x);
  at::Tensor y = wide * wide.square().mean(axes, /*keepdim=*/true).add_(op.epsilon).rsqrt_();
  if (scale.defined()) y.mul_(scale);
  if (bias.defined()) y.add_(bias);
  return y;
}

at::Tensor sum_of(const Op& op, Call& call) {
  if (!call.has(Op::kResidual)) return call.in(Op::kX);
  at::Tensor sum = op.keep_sum ? result_tensor(call, 1) : at::empty({0}, call.in(Op::kX).options());
  at::add_out(sum, call.in(Op::kX), call.in(Op::kResidual));
  if (op.keep_sum) call.set(1, sum);
  return sum;
}

bool run_loop(const Op& op, Call& call) {
  const auto in = [&](int i) { return call.has(i) ? call.in(i) : at::Tensor(); };
  RowOperands operands{in(Op::kX), in(Op::kResidual), in(Op::kScale), in(Op::kBias)};
  operands.length = c10::multiply_integers(operands.x.sizes().slice(operands.x.dim() - op.axes));
  operands.epsilon = op.epsilon;
  operands.center = op.center;
  operands.keep_sum = op.keep_sum;
  return run_row_loop(call, operands);
}

}  // namespace

void run(const RowNormalization& op, Call& call) {
  if (run_loop(op, call)) return;
  const at::Tensor x = sum_of(op, call);
  if (x.numel() == 0) return deliver(call, x);
  const auto row = x.sizes().slice(x.dim() - op.axes);
  const at::Tensor scale = row_of(call, Op::kScale, row), bias = row_of(call, Op::kBias, row);
  deliver(call, op.center ? layer_norm(op, x, scale, bias, row) : rms_norm(op, x, scale, bias, row));
}
TORCHTRT_KERNEL(RowNormalization);

}  // namespace torchtrt::engine

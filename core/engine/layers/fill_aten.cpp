// Fill: ranges in int64 or double, rounded once; random numbers of torch's generator.
#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>

#include "core/engine/layers/fill.h"
#include "core/engine/layers/host_math.h"
#include "core/engine/layers/kernel.h"
#include "core/engine/layers/move_aten.h"

namespace torchtrt::engine {
namespace {

// alpha (input 1) or beta (input 2): the tensor, or the number as a scalar tensor.
at::Tensor coefficient(const Fill& op, const Call& call, int i, at::ScalarType type) {
  if (call.has(i)) return call.in(i).to(type);
  const at::TensorOptions options = at::TensorOptions(type).device(call.device());
  if (op.integral) return at::full({}, i == 1 ? op.alpha_int : op.beta_int, options);
  const double number = i == 1 ? op.alpha : op.beta;
  if (type == at::kDouble) return at::full({}, number, options);
  if (type == at::kFloat) return at::full({}, host_scalar(DType::kFloat32, number).f, options);
  return at::full({}, host_scalar(call.out_type(0), number).i, options);
}

at::Tensor linspace(const Fill& op, const Call& call) {
  const at::ScalarType wide = is_index(call.out_type(0)) ? at::kLong : at::kDouble;
  const int64_t rank = call.out_shape(0).rank();
  const at::Tensor beta = coefficient(op, call, 2, wide).reshape(-1);
  at::Tensor sum = coefficient(op, call, 1, wide);
  for (int64_t axis = 0; axis < rank; ++axis) {
    std::vector<int64_t> sizes(static_cast<size_t>(rank), 1);
    sizes[static_cast<size_t>(axis)] = call.out_shape(0)[static_cast<int>(axis)];
    const at::Tensor index = positions(sizes[static_cast<size_t>(axis)], wide, call.device());
    sum = sum + index.mul(beta.select(0, axis)).reshape(sizes);
  }
  return sum;
}

at::Tensor random(const Fill& op, const Call& call) {
  const at::TensorOptions options = at::TensorOptions(at::kFloat).device(call.device());
  const at::Tensor alpha = coefficient(op, call, 1, at::kFloat), beta = coefficient(op, call, 2, at::kFloat);
  if (op.op == FillOp::kRandomNormal) return at::randn(call.out_sizes(0), options).mul_(beta).add_(alpha);
  // Halves, for beta - alpha may be more than a float32 holds.
  const at::Tensor low = alpha * 0.5;
  return at::rand(call.out_sizes(0), options).mul_(beta * 0.5 - low).add_(low).mul_(2);
}

}  // namespace

void run(const Fill& op, Call& call) {
  const at::Tensor result = op.op == FillOp::kLinspace ? linspace(op, call) : random(op, call);
  call.set(0, result.to(scalar_type_of(call.out_type(0))));
}
TORCHTRT_KERNEL(Fill)

}  // namespace torchtrt::engine

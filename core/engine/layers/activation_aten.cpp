// Activation on tensors.
#include <ATen/Functions.h>

#include "core/engine/layers/activation.h"
#include "core/engine/layers/kernel_result.h"

namespace torchtrt::engine {
namespace {

// A bound as the tensor's type holds it, for at:: functions refuse numbers that overflow it.
at::Scalar bound(const at::Tensor& x, float value) {
  if (x.scalar_type() == at::kHalf) return static_cast<float>(c10::Half(value));
  return x.scalar_type() == at::kBFloat16 ? static_cast<float>(c10::BFloat16(value)) : value;
}

// max(a, min(b, x)): a wins where a > b.
void clip(at::Tensor& out, const at::Tensor& x, float a, float b) {
  const at::Scalar low = bound(x, a), high = bound(x, b);
  if (a <= b) {
    at::clamp_out(out, x, low, high);
  } else {
    at::clamp_min_out(out, at::clamp_max(x, high), low);
  }
}

// Those for which at:: has one function; false: none.
bool run_single(const Activation& op, at::Tensor& out, const at::Tensor& x) {
  switch (op.type) {
    case ActivationType::kRelu:
      at::clamp_min_out(out, x, 0);
      return true;
    case ActivationType::kSigmoid:
      at::sigmoid_out(out, x);
      return true;
    case ActivationType::kTanh:
      at::tanh_out(out, x);
      return true;
    case ActivationType::kLeakyRelu:
      at::leaky_relu_out(out, x, op.alpha);
      return true;
    case ActivationType::kElu:
      at::elu_out(out, x, op.alpha);
      return true;
    case ActivationType::kSelu:
      at::elu_out(out, x, op.alpha, op.beta);
      return true;
    case ActivationType::kClip:
      clip(out, x, op.alpha, op.beta);
      return true;
    case ActivationType::kGeluErf:
      at::gelu_out(out, x, "none");
      return true;
    case ActivationType::kGeluTanh:
      at::gelu_out(out, x, "tanh");
      return true;
    default:
      return false;
  }
}

at::Tensor composed(const Activation& op, const at::Tensor& x) {
  switch (op.type) {
    case ActivationType::kSoftsign:
      return x / x.abs().add_(1);
    case ActivationType::kSoftplus:
      return at::softplus(x * op.beta).mul_(op.alpha);
    case ActivationType::kHardSigmoid:
      return (x * op.alpha).add_(op.beta).clamp_(0, 1);
    case ActivationType::kScaledTanh:
      return (x * op.beta).tanh_().mul_(op.alpha);
    case ActivationType::kThresholdedRelu:
      return at::threshold(x, op.alpha, 0);
    default:
      TORCHTRT_THROW(kInternal, "unknown activation ", static_cast<int>(op.type));
  }
}

}  // namespace

void run(const Activation& op, Call& call) {
  at::Tensor out = result_tensor(call);
  if (!run_single(op, out, call.in(0))) return deliver(call, composed(op, widen(call.in(0))));
  call.set(0, std::move(out));
}
TORCHTRT_KERNEL(Activation);

}  // namespace torchtrt::engine

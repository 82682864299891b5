// Attention on tensors: at::scaled_dot_product_attention, which has a fused kernel on CPU and CUDA.
#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>

#include "core/engine/layers/attention.h"
#include "core/engine/layers/kernel.h"

namespace torchtrt::engine {
namespace {

// The fused kernels want equal batch lengths, and a query as long as the mask; -1: as it is.
at::Tensor expanded(const at::Tensor& x, int64_t batch, int64_t length) {
  const bool fits = x.size(0) == batch && (length == -1 || x.size(2) == length);
  return fits ? x : x.expand({batch, -1, length, -1});
}

at::Tensor additive(const at::Tensor& mask, const at::Tensor& scores) {
  if (mask.scalar_type() != at::kBool) return scores + mask;
  return scores.masked_fill(mask.logical_not(), -std::numeric_limits<double>::infinity());
}

at::Tensor causal_mask(const at::Tensor& scores) {
  return at::ones({scores.size(-2), scores.size(-1)}, scores.options().dtype(at::kBool)).tril();
}

// Without softmax there is no fused kernel.
at::Tensor unnormalized(const Attention& op, const at::Tensor& q, at::Tensor k, at::Tensor v, const at::Tensor* mask) {
  if (const int64_t repeats = q.size(1) / std::max<int64_t>(1, k.size(1)); repeats > 1) {
    k = k.repeat_interleave(repeats, 1);
    v = v.repeat_interleave(repeats, 1);
  }
  at::Tensor scores = at::matmul(q, k.transpose(-1, -2)) * op.scale;
  if (mask) scores = additive(*mask, scores);
  if (op.causal) scores = additive(causal_mask(scores), scores);
  return at::matmul(scores, v);
}

}  // namespace

void run(const Attention& op, Call& call) {
  const int64_t batch = call.out_shape(0)[0];
  const at::Tensor q = expanded(call.in(0), batch, call.out_shape(0)[2]), k = expanded(call.in(1), batch, -1),
                   v = expanded(call.in(2), batch, -1);
  const at::Tensor* mask = call.has(3) ? &call.in(3) : nullptr;
  if (!op.normalize) return call.set(0, unnormalized(op, q, k, v, mask));
  call.set(0, at::scaled_dot_product_attention(q, k, v, mask ? std::optional(*mask) : std::nullopt, /*dropout_p=*/0.0,
                                               op.causal, op.scale, /*enable_gqa=*/q.size(1) != k.size(1)));
}
TORCHTRT_KERNEL(Attention);

}  // namespace torchtrt::engine

// MoE on tensors.
//
// Note [Routing]: which tokens an expert has, only the data say. In host memory that can be read, so each expert
// computes its own tokens. On a device reading it would mean to wait; there, few tokens take the weights of their
// experts along, and many run through every expert, weighted by 0 where they are not its own. Sums are float32.
#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>

#include <cmath>

#include "core/engine/layers/kernel_result.h"
#include "core/engine/layers/moe.h"
#include "core/engine/layers/quantization_aten.h"

namespace torchtrt::engine {
namespace {

// x w, in float32. A device's products of narrow types sum in float32 themselves.
at::Tensor product(const at::Tensor& x, const at::Tensor& w) {
  if (w.is_cuda() && is_narrow(w)) return at::bmm(x.to(w.scalar_type()), w).to(at::kFloat);
  return at::bmm(x, widen(w));
}

class Experts {
 public:
  Experts(const MoE& op, const Call& call) : op_(op), call_(call) {}

  int64_t count() const { return call_.in(MoE::kGate).size(0); }

  // x [groups, rows, hidden] in float32 through one expert a group: those of `which`, or number `only`.
  at::Tensor run(const at::Tensor& x, const at::Tensor& which, int64_t only = -1) const {
    at::Tensor gate = project(x, MoE::kGate, which, only), up = project(x, MoE::kUp, which, only);
    if (std::isfinite(op_.limit)) {
      gate.clamp_max_(op_.limit);
      up.clamp_(-op_.limit, op_.limit);
    }
    const at::Tensor open = op_.alpha == 1 ? at::silu(gate) : gate * at::sigmoid(gate * op_.alpha);
    at::Tensor inner = open.mul_(op_.beta == 0 ? up : up + op_.beta);
    if (op_.quantizes()) inner = quantized(inner);
    return project(inner, MoE::kDown, which, only);
  }

 private:
  at::Tensor chosen(int input, const at::Tensor& which, int64_t only) const {
    const at::Tensor& all = call_.in(input);
    return only >= 0 ? all.narrow(0, only, 1) : all.index_select(0, which);
  }
  at::Tensor project(const at::Tensor& x, int weights, const at::Tensor& which, int64_t only) const {
    const at::Tensor y = product(x, chosen(weights, which, only));
    const int bias = weights - MoE::kGate + MoE::kGateBias;
    return call_.has(bias) ? y + widen(chosen(bias, which, only)).unsqueeze(1) : y;
  }

  // Through the quantized type and back.
  at::Tensor quantized(const at::Tensor& x) const {
    const at::Tensor scale = call_.in(MoE::kScale).to(at::kFloat).reshape({});
    if (!op_.dynamic) return decode(encode(x / scale, op_.quantize_to), op_.quantize_to) * scale;
    if (x.numel() == 0) return x;
    const at::Tensor blocks = x.unflatten(-1, {-1, op_.block_length(x.size(-1))});
    constexpr double kSmallest = 1.0 / 512;  // of float8: a block of zeros has a scale too
    const at::Tensor most = at::full({}, greatest(op_.quantize_to), x.options());  // CUDA divides by tensors exactly
    const at::Tensor ideal = blocks.abs().amax(-1, /*keepdim=*/true) / most / scale;
    const at::Tensor own = decode(encode(ideal.clamp_min(kSmallest), DType::kFloat8), DType::kFloat8) * scale;
    return (decode(encode(blocks / own, op_.quantize_to), op_.quantize_to) * own).view(x.sizes());
  }

  const MoE& op_;
  const Call& call_;
};

// Tokens in rows, everything in the types that sums have.
struct Tokens {
  at::Tensor x;         // [tokens, hidden]
  at::Tensor selected;  // [tokens, k]
  at::Tensor scores;    // [tokens, k]
  at::Tensor exists;    // [tokens, k]: whether the selected expert does
};

Tokens tokens_of(const Call& call, int64_t experts) {
  const at::Tensor& hidden = call.in(MoE::kHidden);
  const int64_t count = hidden.size(0) * hidden.size(1), k = call.in(MoE::kSelected).size(2);
  const at::Tensor selected = call.in(MoE::kSelected).reshape({count, k}).to(at::kLong);
  return {widen(hidden).reshape({count, hidden.size(2)}), selected, widen(call.in(MoE::kScores)).reshape({count, k}),
          selected.ge(0).logical_and(selected.lt(experts))};
}

// See Note [Routing]: each expert its own tokens.
at::Tensor routed(const Experts& experts, const Tokens& tokens) {
  at::Tensor sum = at::zeros_like(tokens.x);
  for (int64_t expert = 0; expert < experts.count(); ++expert) {
    const at::Tensor own = tokens.selected.eq(expert).nonzero();
    if (own.size(0) == 0) continue;
    const at::Tensor rows = own.select(1, 0);
    const at::Tensor y = experts.run(tokens.x.index_select(0, rows).unsqueeze(0), {}, expert).squeeze(0);
    sum.index_add_(0, rows, y * tokens.scores.index({rows, own.select(1, 1)}).unsqueeze(1));
  }
  return sum;
}

// Every token with the weights of its experts.
at::Tensor gathered(const Experts& experts, const Tokens& tokens) {
  const int64_t count = tokens.x.size(0), k = tokens.selected.size(1), hidden = tokens.x.size(1);
  const at::Tensor which = tokens.selected.clamp(0, experts.count() - 1).reshape({-1});
  const at::Tensor x = tokens.x.unsqueeze(1).expand({count, k, hidden}).reshape({count * k, 1, hidden});
  const at::Tensor y = experts.run(x, which).reshape({count, k, hidden});
  return at::where(tokens.exists.unsqueeze(-1), y * tokens.scores.unsqueeze(-1), 0).sum(1);
}

// Every token through every expert.
at::Tensor everywhere(const Experts& experts, const Tokens& tokens) {
  at::Tensor sum = at::zeros_like(tokens.x);
  for (int64_t expert = 0; expert < experts.count(); ++expert) {
    const at::Tensor weight = at::where(tokens.selected.eq(expert), tokens.scores, 0).sum(1, /*keepdim=*/true);
    const at::Tensor mine = tokens.selected.eq(expert).any(1, /*keepdim=*/true);
    const at::Tensor y = experts.run(tokens.x.unsqueeze(0), {}, expert).squeeze(0) * weight;
    sum += at::where(mine, y, 0);  // what others make of a token may be infinite
  }
  return sum;
}

}  // namespace

void run(const MoE& op, Call& call) {
  const Experts experts(op, call);
  const Tokens tokens = tokens_of(call, experts.count());
  at::Tensor sum;
  if (tokens.selected.numel() == 0 || experts.count() == 0) {
    sum = at::zeros_like(tokens.x);
  } else if (call.device().is_cpu()) {
    sum = routed(experts, tokens);
  } else {
    sum = tokens.selected.numel() <= experts.count() ? gathered(experts, tokens) : everywhere(experts, tokens);
  }
  deliver(call, sum.view(call.out_sizes(0)));
}
TORCHTRT_KERNEL(MoE)

}  // namespace torchtrt::engine

// Attention on tensors: at::scaled_dot_product_attention, which has a fused kernel on CPU and CUDA, where it can say
// what is asked for; else the two products and what stands between them.
#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>

#include <limits>

#include "core/engine/layers/attention.h"
#include "core/engine/layers/kernel.h"
#include "core/util/error.h"

namespace torchtrt::engine {
namespace {

using OptionalTensor = std::optional<at::Tensor>;

// The fused kernels want equal batch lengths, and a query as long as the mask; -1: as it is.
at::Tensor expanded(const at::Tensor& x, int64_t batch, int64_t length) {
  const bool fits = x.size(0) == batch && (length == -1 || x.size(2) == length);
  return fits ? x : x.expand({batch, -1, length, -1});
}

// The fused kernels want to read the mask of a row in one go.
at::Tensor with_keys(const at::Tensor& mask, int64_t keys) {
  return mask.size(3) == keys ? mask : mask.expand({-1, -1, -1, keys}).contiguous();
}

at::Tensor additive(const at::Tensor& mask, const at::Tensor& scores) {
  if (mask.scalar_type() != at::kBool) return scores + mask;
  return scores.masked_fill(mask.logical_not(), -std::numeric_limits<double>::infinity());
}

// What a quantization to int8 or fp8 and back leaves of x, which is not negative.
at::Tensor quantized(const at::Tensor& x, const at::Tensor& scale, DType type) {
  const at::Tensor step = scale.to(x.scalar_type()).reshape({});
  if (type == DType::kInt8) return at::div(x, step).round().clamp(-128, 127).mul(step);
  return at::div(x, step).clamp(-448, 448).to(at::kFloat8_e4m3fn).to(x.scalar_type()).mul(step);
}

// Query, key and value [batch, heads, sequence, features] and what a score has to pass.
struct Padded {
  at::Tensor q, k, v;
  OptionalTensor mask;
};

// The definition: products in float32, rounded once.
at::Tensor decomposed(const Attention& op, const Call& call, const Padded& in) {
  const auto wide = [](const at::Tensor& x) { return x.to(at::kFloat); };
  const int64_t repeats = in.q.size(1) / std::max<int64_t>(1, in.k.size(1));
  const at::Tensor k = repeats > 1 ? in.k.repeat_interleave(repeats, 1) : in.k;
  const at::Tensor v = repeats > 1 ? in.v.repeat_interleave(repeats, 1) : in.v;
  at::Tensor scores = at::matmul(wide(in.q), wide(k).transpose(-1, -2)) * op.scale;
  if (in.mask) scores = additive(in.mask->scalar_type() == at::kBool ? *in.mask : wide(*in.mask), scores);
  if (op.normalize) scores = at::_safe_softmax(scores, -1);
  if (op.quantize_to) scores = quantized(scores, call.in(Attention::kQuantizeScale), *op.quantize_to);
  return at::matmul(scores, wide(v)).to(in.q.scalar_type());
}

at::Tensor integers(int64_t count, const at::Tensor& like) {
  return at::arange(count, like.options().dtype(at::kLong));
}

// Which key each query sees, [B or 1, 1, Sq, Skv]; none: all.
OptionalTensor visible(const Attention& op, const Call& call, int64_t queries, int64_t keys) {
  OptionalTensor seen;
  if (op.causal != CausalMask::kNone) {
    const int64_t diagonal = op.causal == CausalMask::kLowerRight ? keys - queries : 0;
    seen = at::ones({1, 1, queries, keys}, call.in(0).options().dtype(at::kBool)).tril(diagonal);
  }
  if (call.has(Attention::kKeyValueLengths)) {
    const at::Tensor lengths = call.in(Attention::kKeyValueLengths).view({-1, 1, 1, 1});
    const at::Tensor inside = integers(keys, call.in(0)).view({1, 1, 1, keys}).lt(lengths);
    seen = seen ? seen->logical_and(inside) : inside;
  }
  return seen;
}

at::Tensor padded(const Attention& op, Call& call) {
  const int64_t batch = call.out_shape(0)[0];
  Padded in{expanded(call.in(0), batch, call.out_shape(0)[2]), expanded(call.in(1), batch, -1),
            expanded(call.in(2), batch, -1), std::nullopt};
  const bool upper_left = op.causal == CausalMask::kUpperLeft && !call.has(Attention::kKeyValueLengths);
  const bool fused = op.normalize && !op.quantize_to;
  if (call.has(Attention::kMask)) in.mask = with_keys(call.in(Attention::kMask), in.k.size(2));
  if (!in.mask && !(fused && upper_left)) in.mask = visible(op, call, in.q.size(2), in.k.size(2));
  if (!fused) return decomposed(op, call, in);
  return at::scaled_dot_product_attention(in.q, in.k, in.v, in.mask, /*dropout_p=*/0.0, upper_left && !in.mask,
                                          op.scale,
                                          /*enable_gqa=*/in.q.size(1) != in.k.size(1));
}

// Tokens of all sequences in one row: to which sequence each belongs, where in it, and how long that is.
struct Tokens {
  at::Tensor values;                      // [tokens, heads, features]
  at::Tensor sequence, position, length;  // [tokens]
  at::Tensor exists;                      // [tokens]: not behind the end
};

Tokens packed_tokens(const at::Tensor& x, const at::Tensor& lengths) {
  const at::Tensor begins = lengths.to(at::kLong), all = integers(x.size(0), x);
  const int64_t sequences = begins.size(0) - 1;
  const at::Tensor found = at::searchsorted(begins, all, /*out_int32=*/false, /*right=*/true) - 1;
  const at::Tensor exists = found.lt(sequences), sequence = found.clamp(0, std::max<int64_t>(sequences - 1, 0));
  const at::Tensor first = begins.index_select(0, sequence);
  return {x, found, all - first, begins.index_select(0, (sequence + 1).clamp_max(sequences)) - first, exists};
}

Tokens padded_tokens(const at::Tensor& x, const OptionalTensor& lengths) {
  const int64_t batch = x.size(0), rows = x.size(2);
  const at::Tensor sequence = integers(batch, x).repeat_interleave(rows), position = integers(rows, x).repeat({batch});
  const at::Tensor length =
      lengths ? lengths->to(at::kLong).repeat_interleave(rows) : at::full_like(position, static_cast<double>(rows));
  return {x.transpose(1, 2).reshape({batch * rows, x.size(1), x.size(3)}), sequence, position, length,
          position.lt(length)};
}

Tokens tokens_of(const Call& call, int input, int lengths, AttentionForm form) {
  if (form == AttentionForm::kPacked) return packed_tokens(call.in(input), call.in(lengths));
  return padded_tokens(call.in(input), lengths == Attention::kKeyValueLengths && call.has(lengths)
                                           ? OptionalTensor(call.in(lengths))
                                           : std::nullopt);
}

// Every query against every key; those of other sequences are masked. Rows of tokens that do not exist are 0.
at::Tensor packed(const Attention& op, Call& call) {
  const Tokens q = tokens_of(call, Attention::kQuery, Attention::kQueryLengths, op.query_form);
  const Tokens k = tokens_of(call, Attention::kKey, Attention::kKeyValueLengths, op.key_value_form);
  const Tokens v = tokens_of(call, Attention::kValue, Attention::kKeyValueLengths, op.key_value_form);
  const auto column = [](const at::Tensor& x) { return x.unsqueeze(1); };
  at::Tensor seen = column(q.sequence).eq(k.sequence).logical_and(k.exists);
  if (op.causal == CausalMask::kUpperLeft) seen = seen.logical_and(k.position.le(column(q.position)));
  if (op.causal == CausalMask::kLowerRight)
    seen = seen.logical_and((k.position - k.length).le(column(q.position - q.length)));
  const auto rows = [](const Tokens& t) { return t.values.transpose(0, 1).unsqueeze(0); };
  const at::Tensor result = decomposed(op, call, {rows(q), rows(k), rows(v), seen.unsqueeze(0).unsqueeze(0)});
  const at::Tensor tokens =
      at::where(q.exists.view({-1, 1, 1}), result.squeeze(0).transpose(0, 1), at::zeros({}, result.options()));
  if (op.query_form == AttentionForm::kPacked) return tokens;
  const Shape& out = call.out_shape(0);
  return tokens.reshape({out[0], out[2], out[1], out[3]}).transpose(1, 2);
}

}  // namespace

void run(const Attention& op, Call& call) { call.set(0, op.is_packed() ? packed(op, call) : padded(op, call)); }
TORCHTRT_KERNEL(Attention);

}  // namespace torchtrt::engine

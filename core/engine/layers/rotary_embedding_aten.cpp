// RotaryEmbedding: the two halves of each pair as views, computed in float32 and rounded once.
#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>

#include "core/engine/layers/kernel_result.h"
#include "core/engine/layers/move_aten.h"
#include "core/engine/layers/rotary_embedding.h"

namespace torchtrt::engine {
namespace {

// Cosines or sines as [B, 1, S, R/2].
at::Tensor angles(const Call& call, int input) {
  at::Tensor table = call.in(input);
  if (call.has(3)) {
    const at::Tensor row = call.in(3).to(at::kLong).clamp(0, table.size(0) - 1);
    table = table.index_select(0, row.reshape(-1)).view({row.size(0), row.size(1), table.size(1)});
  }
  return widen(table).unsqueeze(1);
}

// Of the first 2 * pairs features, the first (or second) of each pair.
at::Tensor half_of(const at::Tensor& x, int64_t pairs, bool interleaved, bool second) {
  return interleaved ? at::slice(x, 3, second ? 1 : 0, 2 * pairs, 2) : x.narrow(3, second ? pairs : 0, pairs);
}

}  // namespace

void run(const RotaryEmbedding& op, Call& call) {
  const at::Tensor& x = call.in(0);
  const at::Tensor out = output_of(call, 0, x.scalar_type());
  call.set(0, out);
  if (x.numel() == 0) return;
  const int64_t rotated = op.rotary_dim ? op.rotary_dim : x.size(3), pairs = rotated / 2;
  const at::Tensor cosine = angles(call, 1), sine = angles(call, 2);
  const at::Tensor a = widen(half_of(x, pairs, op.interleaved, false));
  const at::Tensor b = widen(half_of(x, pairs, op.interleaved, true));
  const at::Tensor first = a * cosine - b * sine, second = a * sine + b * cosine;
  half_of(out, pairs, op.interleaved, false).copy_(first);
  half_of(out, pairs, op.interleaved, true).copy_(second);
  out.narrow(3, rotated, x.size(3) - rotated).copy_(x.narrow(3, rotated, x.size(3) - rotated));
}
TORCHTRT_KERNEL(RotaryEmbedding)

}  // namespace torchtrt::engine

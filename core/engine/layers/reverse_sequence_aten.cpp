// ReverseSequence: a gather whose indices count down inside each length.
#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>

#include "core/engine/layers/kernel.h"
#include "core/engine/layers/move_aten.h"
#include "core/engine/layers/reverse_sequence.h"

namespace torchtrt::engine {

void run(const ReverseSequence& op, Call& call) {
  const at::Tensor x = movable(call.in(0)).movedim({op.batch_axis, op.sequence_axis}, {0, 1});  // [B, S, ..]
  if (x.numel() == 0) return call.set(0, call.in(0));
  const at::Tensor place = positions(x.size(1), at::kLong, call.device());
  const at::Tensor length = call.in(1).to(at::kLong).clamp_max(x.size(1)).unsqueeze(1);  // [B, 1]
  const at::Tensor source = at::where(place < length, length - 1 - place, place);        // [B, S]
  const at::Tensor batch = positions(x.size(0), at::kLong, call.device()).unsqueeze(1);
  const at::Tensor reversed = at::index(x, {batch, source}).movedim({0, 1}, {op.batch_axis, op.sequence_axis});
  call.set(0, typed(reversed, call.in(0).scalar_type()));
}
TORCHTRT_KERNEL(ReverseSequence)

}  // namespace torchtrt::engine

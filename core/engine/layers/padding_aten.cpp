// Padding: a zeroed result with the part of the input that stays.
#include <ATen/core/Tensor.h>

#include "core/engine/layers/kernel.h"
#include "core/engine/layers/move_aten.h"
#include "core/engine/layers/padding.h"

namespace torchtrt::engine {

void run(const Padding& op, Call& call) {
  const at::Tensor& x = call.in(0);
  std::vector<Run> runs;
  for (int axis = 0; axis < x.dim(); ++axis) {
    const int64_t padded = axis - (x.dim() - 2);
    runs.push_back({padded < 0 ? 0 : -op.pre[static_cast<size_t>(padded)], call.out_shape(0)[axis], 1});
  }
  const at::Tensor out = output_of(call, 0, x.scalar_type());
  out.zero_();
  take_inside(out, x, runs);
  call.set(0, out);
}
TORCHTRT_KERNEL(Padding)

}  // namespace torchtrt::engine

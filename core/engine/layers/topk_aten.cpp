// TopK: a stable sort, of which the first K are taken; at::topk does not say which of equal elements it returns.
#include <ATen/Functions.h>

#include <bit>

#include "core/engine/layers/kernel.h"
#include "core/engine/layers/topk.h"

namespace torchtrt::engine {

void run(const TopK& op, Call& call) {
  const at::Tensor& x = call.in(0);
  const auto axis = static_cast<int64_t>(std::countr_zero(op.axes));
  const int64_t k = call.out_shape(0)[static_cast<int>(axis)];
  const bool largest = op.op == TopKOp::kMax;
  at::Tensor values, indices;
  if (k == 1 && x.numel() > 0 && (largest || !x.is_floating_point())) {
    // First of equal elements; NaN counts as largest for at::max, but at::min would return it too.
    std::tie(values, indices) = largest ? at::max(x, axis, true) : at::min(x, axis, true);
  } else {
    std::tie(values, indices) = at::sort(x, /*stable=*/true, axis, /*descending=*/largest);
  }
  call.set(0, values.narrow(axis, 0, k));
  call.set(1, indices.narrow(axis, 0, k).to(scalar_type_of(call.out_type(1))));
}
TORCHTRT_KERNEL(TopK)

}  // namespace torchtrt::engine

// Softmax on tensors: at:: computes half and bfloat16 in float32.
#include <ATen/Functions.h>

#include "core/engine/layers/kernel_result.h"
#include "core/engine/layers/softmax.h"

namespace torchtrt::engine {

void run(const Softmax& op, Call& call) {
  at::Tensor out = result_tensor(call);
  at::softmax_out(out, call.in(0), op.axis);
  call.set(0, std::move(out));
}
TORCHTRT_KERNEL(Softmax);

}  // namespace torchtrt::engine

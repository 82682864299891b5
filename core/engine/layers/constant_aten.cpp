// Constant on tensors.
#include "core/engine/layers/constant.h"
#include "core/engine/layers/kernel_result.h"

namespace torchtrt::engine {

void run(const Constant& op, Call& call) { call.set(0, tensor_of(op.weights, call.out_sizes(0), call.device())); }
TORCHTRT_PACKED_KERNEL(Constant);

}  // namespace torchtrt::engine

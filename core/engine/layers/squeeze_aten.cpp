// Squeeze: the same elements in the inferred shape.
#include <ATen/core/Tensor.h>

#include "core/engine/layers/kernel.h"
#include "core/engine/layers/squeeze.h"

namespace torchtrt::engine {

void run(const Squeeze&, Call& call) { call.set(0, call.in(0).reshape(call.out_sizes(0))); }
TORCHTRT_KERNEL(Squeeze)

}  // namespace torchtrt::engine

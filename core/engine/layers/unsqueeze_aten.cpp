// Unsqueeze: the same elements in the inferred shape.
#include <ATen/core/Tensor.h>

#include "core/engine/layers/kernel.h"
#include "core/engine/layers/unsqueeze.h"

namespace torchtrt::engine {

void run(const Unsqueeze&, Call& call) { call.set(0, call.in(0).reshape(call.out_sizes(0))); }
TORCHTRT_KERNEL(Unsqueeze)

}  // namespace torchtrt::engine

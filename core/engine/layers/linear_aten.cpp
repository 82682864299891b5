// Linear on tensors.
#include <ATen/ops/linear.h>

#include "core/engine/layers/kernel.h"
#include "core/engine/layers/linear.h"

namespace torchtrt::engine {

void run(const Linear&, Call& call) {
  call.set(0, at::linear(call.in(0), call.in(1), call.has(2) ? std::optional(call.in(2)) : std::nullopt));
}
TORCHTRT_KERNEL(Linear);

}  // namespace torchtrt::engine

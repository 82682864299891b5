// NonZero on tensors. at::nonzero waits for the device: how long its result is, only the data say.
#include <ATen/Functions.h>

#include "core/engine/layers/kernel.h"
#include "core/engine/layers/non_zero.h"

namespace torchtrt::engine {

void run(const NonZero&, Call& call) { call.set(0, at::nonzero(call.in(0)).t().to(scalar_type_of(call.out_type(0)))); }
TORCHTRT_KERNEL(NonZero)

}  // namespace torchtrt::engine

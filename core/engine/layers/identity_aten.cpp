// Identity on tensors: a view, which the executor copies where it has to.
#include "core/engine/layers/identity.h"
#include "core/engine/layers/kernel_result.h"

namespace torchtrt::engine {

void run(const Identity&, Call& call) { call.set(0, convert(call.in(0), storage_type_of(call.out_type(0)))); }
TORCHTRT_PACKED_KERNEL(Identity);

}  // namespace torchtrt::engine

// Cast on tensors.
#include "core/engine/layers/cast.h"
#include "core/engine/layers/kernel_result.h"

namespace torchtrt::engine {

void run(const Cast& op, Call& call) { deliver(call, convert(call.in(0), scalar_type_of(op.to_type))); }
TORCHTRT_KERNEL(Cast);

}  // namespace torchtrt::engine

// Squeeze: the same elements in the inferred shape.
#include <ATen/core/Tensor.h>

#include "core/engine/layers/packed.h"
#include "core/engine/layers/squeeze.h"

namespace torchtrt::engine {

void run(const Squeeze&, Call& call) { deliver_reshaped(call); }
TORCHTRT_PACKED_KERNEL(Squeeze)

}  // namespace torchtrt::engine

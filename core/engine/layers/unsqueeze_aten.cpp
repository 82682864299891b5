// Unsqueeze: the same elements in the inferred shape.
#include <ATen/core/Tensor.h>

#include "core/engine/layers/packed.h"
#include "core/engine/layers/unsqueeze.h"

namespace torchtrt::engine {

void run(const Unsqueeze&, Call& call) { deliver_reshaped(call); }
TORCHTRT_PACKED_KERNEL(Unsqueeze)

}  // namespace torchtrt::engine

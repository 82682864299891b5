// FusedLinear on tensors.
#include "core/engine/layers/linear_product.h"

namespace torchtrt::engine {

void run(const FusedLinear& op, Call& call) { product(call, op.activation); }
TORCHTRT_KERNEL(FusedLinear);

}  // namespace torchtrt::engine

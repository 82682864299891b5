// Linear on tensors.
#include "core/engine/layers/linear_product.h"

namespace torchtrt::engine {

void run(const Linear&, Call& call) { product(call, std::nullopt); }
TORCHTRT_KERNEL(Linear);

}  // namespace torchtrt::engine

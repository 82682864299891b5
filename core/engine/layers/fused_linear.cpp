// FusedLinear, whose rules are Linear's.
#include "core/engine/layers/fused_linear.h"

namespace torchtrt::engine {

TORCHTRT_LAYER(FusedLinear);

}  // namespace torchtrt::engine

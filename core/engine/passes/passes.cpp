// The order of passes.
#include "core/engine/passes/passes.h"

namespace torchtrt::engine {

std::span<const Pass> passes() { return {}; }

}  // namespace torchtrt::engine

// Assertion: its rule has checked the condition before any kernel runs.
#include "core/engine/layers/assertion.h"
#include "core/engine/layers/kernel.h"

namespace torchtrt::engine {

void run(const Assertion&, Call&) {}
TORCHTRT_KERNEL(Assertion)

}  // namespace torchtrt::engine

// ContextState: the current one of each thread.
#include "core/engine/layers/context_state.h"

#include <utility>

#include "core/util/error.h"

namespace torchtrt::engine {
namespace {

thread_local ContextState* now = nullptr;

}  // namespace

ContextState& ContextState::current() {
  TORCHTRT_REQUIRE(kInternal, now, "this layer runs in an execution context only");
  return *now;
}

ContextState::Scope::Scope(ContextState& state) : former_(std::exchange(now, &state)) {}

ContextState::Scope::~Scope() { now = former_; }

}  // namespace torchtrt::engine

// WeightStream: the staging buffer of an execution context, for the kernels that run in it.
#pragma once

#include <memory>

#include "core/engine/exec/staging.h"
#include "core/engine/layers/context_state.h"

namespace torchtrt::engine {

class WeightStream {
 public:
  // Gives the context one. To be called before its first run; without it the context streams nothing.
  static void install(ContextState& state, std::shared_ptr<const StreamedWeights> weights, c10::Device device);
  // That of the context whose run this thread is in; null: it streams nothing.
  static Staging* current();
  static Staging* of(ContextState& state);

 private:
  std::shared_ptr<Staging> staging_;
};

}  // namespace torchtrt::engine

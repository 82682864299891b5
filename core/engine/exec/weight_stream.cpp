// WeightStream: kept in the state of the context.
#include "core/engine/exec/weight_stream.h"

namespace torchtrt::engine {
namespace {

const char kKey = 0;

}  // namespace

void WeightStream::install(ContextState& state, std::shared_ptr<const StreamedWeights> weights, c10::Device device) {
  state.keep<WeightStream>(&kKey, [] { return new WeightStream; }).staging_ =
      std::make_shared<Staging>(std::move(weights), device);
}

Staging* WeightStream::current() { return of(ContextState::current()); }

Staging* WeightStream::of(ContextState& state) {
  return state.keep<WeightStream>(&kKey, [] { return new WeightStream; }).staging_.get();
}

}  // namespace torchtrt::engine

// ExecutionContext: what it tells of its runs, layer times to a profiler and tensors to a debug listener.
#include "core/engine/api/execution_context.h"
#include "core/engine/api/twins.h"

namespace torchtrt::engine::api {

void ExecutionContext::setProfiler(nv::IProfiler* profiler) noexcept {
  profiler_ = profiler;
  report_.attempt("IExecutionContext::setProfiler", [&] { context_->record_times(profiler != nullptr); });
}

// Every layer once, in the order of the engine's, those that took no time on the device too. False: there is no
// profiler, or no run to tell of.
bool ExecutionContext::report_times() const {
  if (!profiler_) return false;
  const std::vector<float> times = context_->times();
  const auto now = engine_.plan();
  const Plan& plan = *now;
  if (times.empty() || times.size() != plan.graph.nodes().size()) return false;  // or those of the plan before
  for (size_t i = 0; i < plan.order.size(); ++i) {
    const bool nameless = plan.verbosity == Verbosity::kNone;
    const std::string name = nameless ? join(i) : plan.graph.node(plan.order[i]).name;
    profiler_->reportLayerTime(name.c_str(), times[static_cast<size_t>(plan.order[i])]);
  }
  return true;
}

// Where enqueue reports already there is nothing to do.
bool ExecutionContext::reportToProfiler() const noexcept {
  return report_.guard("IExecutionContext::reportToProfiler", false,
                       [&] { return emits_profile_ && profiler_ ? true : report_times(); });
}

bool ExecutionContext::setDebugListener(nv::IDebugListener* listener) noexcept {
  return report_.attempt("IExecutionContext::setDebugListener", [&] {
    listener_ = listener;
    update_listener();
  });
}

void ExecutionContext::update_listener() {
  if (!listener_ || (debug_on_.empty() && !unfused_debug_)) return context_->set_debug_listener(nullptr);
  DebugListener calls;
  calls.names = debug_on_;
  calls.unfused = unfused_debug_;
  calls.report = [listener = listener_](const DebugTensor& tensor) {
    return listener->processDebugTensor(
        tensor.address, tensor.on_host ? nv::TensorLocation::kHOST : nv::TensorLocation::kDEVICE, theirs(tensor.dtype),
        dims_of(tensor.shape), tensor.name.c_str(), static_cast<cudaStream_t>(tensor.stream));
  };
  context_->set_debug_listener(std::make_shared<const DebugListener>(std::move(calls)));
}

bool ExecutionContext::setTensorDebugState(const char* name, bool on) noexcept {
  return report_.attempt("IExecutionContext::setTensorDebugState", [&] {
    TORCHTRT_REQUIRE(kInvalidArgument, name && engine_.isDebugTensor(name), '"', name ? name : "(null)",
                     "\" is not a debug tensor; mark it before the build (INetworkDefinition::markDebug)");
    if (on) {
      debug_on_.insert(name);
    } else {
      debug_on_.erase(name);
    }
    update_listener();
  });
}

bool ExecutionContext::getDebugState(const char* name) const noexcept { return name && debug_on_.contains(name); }

bool ExecutionContext::setAllTensorsDebugState(bool on) noexcept {
  return report_.attempt("IExecutionContext::setAllTensorsDebugState", [&] {
    debug_on_.clear();
    if (on) debug_on_ = engine_.debug_tensors();
    update_listener();
  });
}

bool ExecutionContext::setUnfusedTensorsDebugState(bool on) noexcept {
  return report_.attempt("IExecutionContext::setUnfusedTensorsDebugState", [&] {
    TORCHTRT_REQUIRE(kInvalidState, !on || engine_.about().unfused_debug,
                     "the engine was built without unfused debug tensors; call "
                     "INetworkDefinition::markUnfusedTensorsAsDebugTensors before the build");
    unfused_debug_ = on;
    update_listener();
  });
}

}  // namespace torchtrt::engine::api

// Observer: marks between steps, clocks on the CPU and events on a device, where waiting is left to who reads them.
#include "core/engine/exec/observer.h"

#include <c10/core/impl/VirtualGuardImpl.h>

#include <utility>

#include "core/engine/exec/arena.h"
#include "core/engine/exec/device.h"
#include "core/engine/exec/operator_trace.h"
#include "core/engine/exec/transfer.h"
#include "core/engine/layers/kernel.h"

namespace torchtrt::engine {
namespace {

Shape lengths_of(const Graph& graph, ValueId value, const at::Tensor& tensor) {
  const Value& v = graph.stale_value(value);
  return is_packed(v.dtype) ? v.shape : shape_of(tensor);  // packed memory has other lengths
}

thread_local const Observer* listening_observer = nullptr;

}  // namespace

const Observer* Observer::listening() { return listening_observer; }

Observer::Scope::Scope(const Observer& observer)
    : former_(std::exchange(listening_observer, observer.listens() ? &observer : nullptr)) {}

Observer::Scope::~Scope() { listening_observer = former_; }

Observer::Observer(const Plan& plan, c10::Device device)
    : plan_(plan), device_(device), operators_(plan.graph.nodes().size()) {}

void Observer::record_times(bool on) {
  times_ = on;
  recorded_ = false;
  marks_.clear();
}

// Events recorded into a capture tell no time, so nothing is recorded then.
void Observer::start(void* stream) {
  stream_ = stream;
  recorded_ = false;
  marks_.clear();
  if (times_ && !is_capturing(device_)) mark(kNoId);
}

void Observer::finish() {
  recorded_ = !marks_.empty();
  tracing_ = false;
}

void Observer::mark(NodeId node) {
  if (device_.is_cpu()) {
    marks_.push_back({node, std::chrono::steady_clock::now()});
    return;
  }
  if (events_.size() == marks_.size()) events_.emplace_back(device_.type(), c10::EventFlag::BACKEND_DEFAULT);
  events_[marks_.size()].record(c10::impl::VirtualGuardImpl(device_.type()).getStream(device_));
  marks_.push_back({node, {}});
}

void Observer::begin(NodeId) {
  if (tracing_) OperatorTrace::start();
}

void Observer::stop() {
  if (tracing_) OperatorTrace::stop();
  marks_.clear();
}

void Observer::end(NodeId node) {
  if (tracing_) operators_[static_cast<size_t>(node)] = OperatorTrace::stop();
  if (!marks_.empty()) mark(node);
  if (!log_) return;
  synchronize(device_);
  log_(plan_.graph.node(node).name);
}

std::vector<float> Observer::times() const {
  if (!recorded_) return {};
  std::vector<float> times(operators_.size(), 0.f);
  const bool clocks = device_.is_cpu();
  if (!clocks) events_[marks_.size() - 1].synchronize();
  for (size_t i = 1; i < marks_.size(); ++i) {
    const std::chrono::duration<float, std::milli> span = marks_[i].time - marks_[i - 1].time;
    times[static_cast<size_t>(marks_[i].node)] +=
        clocks ? span.count() : static_cast<float>(events_[i - 1].elapsedTime(events_[i]));
  }
  return times;
}

void Observer::report(const Graph& graph, ValueId value, const at::Tensor& tensor) const {
  if (!listener_ || !tensor.defined()) return;
  const std::string& name = graph.stale_value(value).name;
  const bool marked = graph.is_debug(value) && listener_->names.contains(name);
  if (!marked && !listener_->unfused) return;
  const at::Tensor plain = tensor.contiguous();
  const DebugTensor told{name,
                         graph.stale_value(value).dtype,
                         lengths_of(graph, value, plain),
                         plain.const_data_ptr(),
                         plain.device().is_cpu(),
                         stream_};
  const ArenaRun::Pause pause;
  TORCHTRT_REQUIRE(kExecution, listener_->report(told), "the debug listener failed for tensor \"", name, '"');
}

}  // namespace torchtrt::engine

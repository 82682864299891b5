// PlanUse: an event behind each run on a stream of the application's.
#include "core/engine/exec/plan_use.h"

#include <c10/core/impl/VirtualGuardImpl.h>

#include <cstdint>

#include "core/engine/exec/cuda_graph.h"

namespace torchtrt::engine {
namespace {

// Null, and the other name that CUDA has for it (cudaStreamLegacy).
bool is_default(void* stream) { return reinterpret_cast<uintptr_t>(stream) <= 1; }

}  // namespace

PlanUse::~PlanUse() { settle(); }

void PlanUse::settle() {
  try {
    if (last_) last_->block(c10::Stream(c10::Stream::DEFAULT, plan_->device()));
  } catch (const std::exception&) {  // the device is lost
  }
}

PlanUse::Run::Run(PlanUse& use, void* stream) : use_(nullptr) {
  const DevicePlan& plan = *use.plan_;
  if (!plan.device().is_cuda() || (is_default(stream) && plan.is_ready()) || is_capturing_stream(stream)) return;
  plan.await();
  if (!is_default(stream)) use_ = &use;
}

PlanUse::Run::~Run() {
  if (!use_) return;
  try {
    const c10::Device device = use_->plan_->device();
    if (!use_->last_) use_->last_.emplace(device.type());
    use_->last_->record(c10::impl::VirtualGuardImpl(device.type()).getStream(device));
  } catch (const std::exception&) {  // the run has failed, and says so itself
  }
}

}  // namespace torchtrt::engine

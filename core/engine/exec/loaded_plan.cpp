// DevicePlan: wraps constants in place on the CPU, copies them once to a CUDA device.
#include "core/engine/exec/loaded_plan.h"

#include <ATen/ops/empty_like.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include <set>

#include "core/engine/exec/current_plan.h"
#include "core/engine/exec/dequantized.h"
#include "core/engine/exec/device.h"
#include "core/engine/exec/transfer.h"
#include "core/engine/layers/constant.h"
#include "core/engine/layers/kernel.h"
#include "core/engine/plan/refit.h"
#include "core/engine/plan/streaming.h"

namespace torchtrt::engine {
namespace {

// Constants of a shape with unknown lengths are left to their kernel.
const Constant* placeable(const Plan& plan, NodeId id) {
  const auto* constant = as<Constant>(*plan.graph.node(id).layer);
  if (!constant || !constant->shape.is_known()) return nullptr;
  return plan.placement[plan.graph.node(id).outputs[0]] == Placement::kHost ? nullptr : constant;
}

c10::Stream default_stream(c10::Device device) { return c10::Stream(c10::Stream::DEFAULT, device); }

const DevicePlan& device_plan(const LoadedPlan& loaded) { return dynamic_cast<const DevicePlan&>(loaded); }

}  // namespace

DevicePlan::DevicePlan(std::shared_ptr<const Plan> plan, at::Device device, int64_t budget, const DevicePlan* former,
                       bool wait)
    : plan_(std::move(plan)),
      device_(device),
      budget_(budget),
      constants_(plan_->graph.value_count()),
      spent_(plan_->graph.value_count(), 0),
      wait_(wait) {
  if (former) {
    shared_ = former->on_device_;
    shared_streamed_ = former->streamed_;
  }
  if (!plan_->weight_streaming || (former && former->is_placed_)) place();
}

void DevicePlan::place() const {
  std::call_once(placed_, [this] { place_constants(); });
}

void DevicePlan::place_constants() const {
  if (plan_->source && plan_->source->lacks_weights()) return;  // Note [Absent weights]
  const Streaming streaming = stream_weights(*plan_, device_.is_cuda() ? budget_ : -1);
  RunScope scope(device_, nullptr);
  std::set<NodeId> streamed;
  for (const Upload& upload : streaming.uploads) streamed.insert(upload.node);
  for (const NodeId id : plan_->order) {
    const Constant* constant = placeable(*plan_, id);
    if (constant && !streamed.contains(id))
      constants_[plan_->graph.node(id).outputs[0]] = on_device(constant->weights, constant->shape);
  }
  if (!streamed.empty()) streamed_ = std::make_shared<StreamedWeights>(*plan_, streaming, shared_streamed_.get());
  compute_dequantized(*plan_, device_, constants_, spent_);
  forget_spent();
  if (!wait_ && device_.is_cuda()) {
    ready_.emplace(device_.type());
    ready_->record(default_stream(device_));
  } else {
    synchronize(device_);
    is_ready_ = true;
  }
  is_placed_ = true;
}

// Weights shared by several constants, or with the plan before, are shared on the device.
at::Tensor DevicePlan::on_device(const Weights& weights, const Shape& shape) const {
  const at::Tensor host = wrap(const_cast<void*>(weights.data), shape, weights.dtype, at::kCPU);
  if (!device_.is_cuda() || weights.empty()) return host.to(device_);
  at::Tensor& copy = on_device_[weights.data];
  if (!copy.defined()) copy = shared_[weights.data];
  if (copy.defined() && copy.scalar_type() == host.scalar_type() && copy.numel() == host.numel())
    return copy.view(host.sizes());
  if (wait_) return copy = host.to(device_);
  const at::Tensor pinned = at::empty_like(host, at::TensorOptions().pinned_memory(true));
  pinned.copy_(host);
  return copy = pinned.to(device_, /*non_blocking=*/true);
}

// What only served to compute others, and what the plan before had.
void DevicePlan::forget_spent() const {
  shared_.clear();
  shared_streamed_.reset();
  std::set<const void*> used;
  for (const at::Tensor& constant : constants_)
    if (constant.defined()) used.insert(constant.storage().data_ptr().get());
  std::erase_if(on_device_, [&](const auto& entry) { return !used.contains(entry.second.storage().data_ptr().get()); });
}

int64_t DevicePlan::device_bytes() const {
  int64_t bytes = 0;
  if (is_placed_)
    for (const auto& [address, tensor] : on_device_) bytes += static_cast<int64_t>(tensor.nbytes());
  return bytes;
}

void DevicePlan::await() const {
  if (is_ready_) return;
  if (!ready_) return;
  ready_->block(c10::impl::VirtualGuardImpl(device_.type()).getStream(device_));
  if (ready_->query()) is_ready_ = true;
}

std::shared_ptr<const LoadedPlan> LoadedPlan::load(std::shared_ptr<const Plan> plan) {
  return std::make_shared<DevicePlan>(std::move(plan), engine_device(), -1);
}

std::shared_ptr<const LoadedPlan> load_within(const LoadedPlan& loaded, int64_t budget) {
  const DevicePlan& plan = device_plan(loaded);
  return std::make_shared<DevicePlan>(plan.shared_plan(), plan.device(), budget);
}

std::shared_ptr<const LoadedPlan> load_refitted(std::shared_ptr<const Plan> plan, const LoadedPlan& former,
                                                int64_t budget, bool wait) {
  const DevicePlan& before = device_plan(former);
  return std::make_shared<DevicePlan>(std::move(plan), before.device(), budget, &before, wait);
}

int64_t device_bytes(const LoadedPlan& loaded) { return device_plan(loaded).device_bytes(); }

void await(const LoadedPlan& loaded, void* stream) {
  const DevicePlan& plan = device_plan(loaded);
  if (!plan.device().is_cuda()) return;
  const RunScope scope(plan.device(), stream);
  plan.await();
}

}  // namespace torchtrt::engine

// DevicePlan: wraps constants in place on the CPU, copies them once to a CUDA device.
#include "core/engine/exec/loaded_plan.h"

#include <map>

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

}  // namespace

DevicePlan::DevicePlan(std::shared_ptr<const Plan> plan, int64_t budget)
    : plan_(std::move(plan)),
      device_(engine_device()),
      budget_(budget),
      constants_(plan_->graph.value_count()),
      spent_(plan_->graph.value_count(), 0) {
  if (!plan_->weight_streaming) place();
}

void DevicePlan::place() const {
  std::call_once(placed_, [this] { place_constants(); });
}

void DevicePlan::place_constants() const {
  if (plan_->source && plan_->source->lacks_weights()) return;  // Note [Absent weights]
  const Streaming streaming = stream_weights(*plan_, device_.is_cuda() ? budget_ : -1);
  RunScope scope(device_, nullptr);
  std::map<const void*, at::Tensor> uploaded;  // weights shared by several constants are shared on the device
  for (const NodeId id : plan_->order) {
    const Constant* constant = placeable(*plan_, id);
    if (!constant || streaming.streamed[static_cast<size_t>(id)]) continue;  // else its kernel copies it
    const Weights& weights = constant->weights;
    at::Tensor tensor = wrap(const_cast<void*>(weights.data), constant->shape, weights.dtype, at::kCPU);
    if (device_.is_cuda()) {
      at::Tensor& copy = uploaded[weights.data];
      if (!copy.defined() || copy.scalar_type() != tensor.scalar_type() || copy.numel() != tensor.numel())
        copy = tensor.to(device_);
      tensor = copy.view(tensor.sizes());
    }
    constants_[plan_->graph.node(id).outputs[0]] = std::move(tensor);
  }
  compute_dequantized(*plan_, device_, constants_, spent_);
  synchronize(device_);
}

std::shared_ptr<const LoadedPlan> LoadedPlan::load(std::shared_ptr<const Plan> plan) {
  return std::make_shared<DevicePlan>(std::move(plan), -1);
}

std::shared_ptr<const LoadedPlan> load_within(std::shared_ptr<const Plan> plan, int64_t budget) {
  return std::make_shared<DevicePlan>(std::move(plan), budget);
}

std::shared_ptr<const LoadedPlan> load_within(const LoadedPlan& loaded, int64_t budget) {
  return load_within(dynamic_cast<const DevicePlan&>(loaded).shared_plan(), budget);
}

}  // namespace torchtrt::engine

// DevicePlan: the LoadedPlan there is, as exec/ sees it.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/Event.h>

#include <atomic>
#include <map>
#include <mutex>
#include <optional>

#include "core/engine/exec/context.h"
#include "core/engine/exec/streamed_weights.h"

namespace torchtrt::engine {

class DevicePlan final : public LoadedPlan {
 public:
  // `budget`: bytes of weights that are kept on the device, if that is not the CPU; negative: all. `former`: the plan
  // before a refit; memory of weights that both have is shared. `wait`: the weights are there when they are placed;
  // else `await` is for those who use them, and what is copied takes page-locked memory meanwhile.
  DevicePlan(std::shared_ptr<const Plan> plan, at::Device device, int64_t budget, const DevicePlan* former = nullptr,
             bool wait = true);

  // Puts the weights on the device, once. Before the first context of a plan that streams weights they are not there,
  // so that a budget can be set for weights that would not fit.
  void place() const;

  const Plan& plan() const override { return *plan_; }
  const std::shared_ptr<const Plan>& shared_plan() const { return plan_; }
  int device_index() const override { return device_.is_cuda() ? device_.index() : -1; }
  at::Device device() const { return device_; }
  // The weights of a Constant layer on the device, or what was computed from some (Note [Dequantized weights]);
  // undefined where the value is neither.
  const at::Tensor& constant(ValueId value) const { return constants_[value]; }
  // Whether no run has to compute the value: it is a constant, or served only to compute one.
  bool is_settled(ValueId value) const { return constants_[value].defined() || spent_[value] != 0; }
  // Null: none.
  const std::shared_ptr<const StreamedWeights>& streamed() const { return streamed_; }
  // Bytes that the weights take on the device.
  int64_t device_bytes() const;

  // Whether the weights are known to be there; else `await` makes the present stream wait for them.
  bool is_ready() const { return is_ready_; }
  void await() const;

 private:
  void place_constants() const;
  at::Tensor on_device(const Weights& weights, const Shape& shape) const;
  void forget_spent() const;

  std::shared_ptr<const Plan> plan_;
  at::Device device_;
  int64_t budget_;
  mutable std::once_flag placed_;
  mutable std::vector<at::Tensor> constants_;            // by ValueId
  mutable std::vector<char> spent_;                      // by ValueId
  mutable std::map<const void*, at::Tensor> on_device_;  // by address on the host
  mutable std::shared_ptr<const StreamedWeights> streamed_;
  mutable std::map<const void*, at::Tensor> shared_;  // of the former plan; empty once placed
  mutable std::shared_ptr<const StreamedWeights> shared_streamed_;
  bool wait_ = true;
  mutable std::atomic<bool> is_placed_ = false, is_ready_ = false;
  mutable std::optional<c10::Event> ready_;  // all weights are there
};

}  // namespace torchtrt::engine

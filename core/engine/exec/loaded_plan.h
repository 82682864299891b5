// DevicePlan: the LoadedPlan there is, as exec/ sees it.
#pragma once

#include <ATen/core/Tensor.h>

#include <mutex>

#include "core/engine/exec/context.h"

namespace torchtrt::engine {

class DevicePlan final : public LoadedPlan {
 public:
  // `budget`: bytes of weights that are kept on the device, if that is not the CPU; negative: all.
  DevicePlan(std::shared_ptr<const Plan> plan, int64_t budget);

  // Puts the weights on the device, once. Before the first context of a plan that streams weights they are not there,
  // so that a budget can be set for weights that would not fit.
  void place() const;

  const Plan& plan() const override { return *plan_; }
  const std::shared_ptr<const Plan>& shared_plan() const { return plan_; }
  at::Device device() const { return device_; }
  // The weights of a Constant layer on the device, or what was computed from some (Note [Dequantized weights]);
  // undefined where the value is neither.
  const at::Tensor& constant(ValueId value) const { return constants_[value]; }
  // Whether no run has to compute the value: it is a constant, or served only to compute one.
  bool is_settled(ValueId value) const { return constants_[value].defined() || spent_[value] != 0; }

 private:
  void place_constants() const;

  std::shared_ptr<const Plan> plan_;
  at::Device device_;
  int64_t budget_;
  mutable std::once_flag placed_;
  mutable std::vector<at::Tensor> constants_;  // by ValueId
  mutable std::vector<char> spent_;            // by ValueId
};

}  // namespace torchtrt::engine

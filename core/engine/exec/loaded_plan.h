// DevicePlan: the LoadedPlan there is, as exec/ sees it.
#pragma once

#include <ATen/core/Tensor.h>

#include "core/engine/exec/context.h"

namespace torchtrt::engine {

class DevicePlan final : public LoadedPlan {
 public:
  explicit DevicePlan(std::shared_ptr<const Plan> plan);

  const Plan& plan() const override { return *plan_; }
  at::Device device() const { return device_; }
  // The weights of a Constant layer on the device, or what was computed from some (Note [Dequantized weights]);
  // undefined where the value is neither.
  const at::Tensor& constant(ValueId value) const { return constants_[value]; }
  // Whether no run has to compute the value: it is a constant, or served only to compute one.
  bool is_settled(ValueId value) const { return constants_[value].defined() || spent_[value] != 0; }

 private:
  std::shared_ptr<const Plan> plan_;
  at::Device device_;
  std::vector<at::Tensor> constants_;  // by ValueId
  std::vector<char> spent_;            // by ValueId
};

}  // namespace torchtrt::engine

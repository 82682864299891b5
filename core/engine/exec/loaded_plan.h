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
  // The weights of a Constant layer on the device; undefined where the value is not one.
  const at::Tensor& constant(ValueId value) const { return constants_[value]; }

 private:
  std::shared_ptr<const Plan> plan_;
  at::Device device_;
  std::vector<at::Tensor> constants_;  // by ValueId
};

}  // namespace torchtrt::engine

// CurrentPlan: the plan that an engine runs now; refit exchanges it under the contexts.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>

#include "core/engine/exec/context.h"

namespace torchtrt::engine {

class CurrentPlan {
 public:
  explicit CurrentPlan(std::shared_ptr<const LoadedPlan> plan) : plan_(std::move(plan)) {}

  std::shared_ptr<const LoadedPlan> get() const {
    const std::scoped_lock lock(mutex_);
    return plan_;
  }
  void set(std::shared_ptr<const LoadedPlan> plan) {
    const std::scoped_lock lock(mutex_);
    plan_ = std::move(plan);
    ++version_;
  }
  // Another number after every exchange.
  uint64_t version() const { return version_; }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const LoadedPlan> plan_;
  std::atomic<uint64_t> version_{0};
};

// The same plan, keeping at most `budget` bytes of weights on the device; negative: all. Nothing else on the CPU.
std::shared_ptr<const LoadedPlan> load_within(const LoadedPlan& loaded, int64_t budget);
// The plan that comes after `former`. Weights at the same address are shared. `wait`: those that are not are on the
// device when the call returns; else it does not wait.
std::shared_ptr<const LoadedPlan> load_refitted(std::shared_ptr<const Plan> plan, const LoadedPlan& former,
                                                int64_t budget, bool wait);
// Bytes that the weights of the plan take on the device; 0 before its first context if it streams weights.
int64_t device_bytes(const LoadedPlan& loaded);
// What is given to `stream` from now on comes behind the weights' way to the device.
void await(const LoadedPlan& loaded, void* stream);

// A context that follows the engine's plan: what was set stays set when the plan is exchanged. It refuses to run while
// the plan lacks weights.
std::unique_ptr<Context> follow(std::shared_ptr<const CurrentPlan> plan, void* owner);

}  // namespace torchtrt::engine

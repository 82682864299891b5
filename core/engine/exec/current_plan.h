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

// A plan that keeps at most `budget` bytes of weights on the device; negative: all. Nothing else on the CPU.
std::shared_ptr<const LoadedPlan> load_within(std::shared_ptr<const Plan> plan, int64_t budget);
// The same plan under another budget.
std::shared_ptr<const LoadedPlan> load_within(const LoadedPlan& loaded, int64_t budget);

// A context that follows the engine's plan: what was set stays set when the plan is exchanged. It refuses to run while
// the plan lacks weights.
std::unique_ptr<Context> follow(std::shared_ptr<const CurrentPlan> plan, void* owner);

}  // namespace torchtrt::engine

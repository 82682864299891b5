// PlanUse: keeps a plan's memory on the device for the runs of one context that are still queued.
#pragma once

#include <c10/core/Event.h>

#include <memory>
#include <optional>

#include "core/engine/exec/loaded_plan.h"

namespace torchtrt::engine {

// Note [Lifetimes of plans]: contexts hold their plan, and after a refit the old one goes away with the last context
// that has moved on. Runs of it may still be queued then. Memory of weights, packed ones too, belongs to the default
// stream, so what runs there is in order; for runs on other streams the context keeps an event behind the last one, for
// which the default stream waits before the context lets go of anything. Replays of graphs that the application has
// captured are its own concern.
class PlanUse {
 public:
  explicit PlanUse(const std::shared_ptr<const DevicePlan>& plan) : plan_(plan) {}
  ~PlanUse();
  PlanUse(const PlanUse&) = delete;
  PlanUse& operator=(const PlanUse&) = delete;

  // What the context lets go of from now on, memory of the default stream, comes behind its runs.
  void settle();

  // While it lives, the context runs on `stream`, which is the present one.
  class Run {
   public:
    Run(PlanUse& use, void* stream);
    ~Run();
    Run(const Run&) = delete;
    Run& operator=(const Run&) = delete;

   private:
    PlanUse* use_;  // null: nothing to be done
  };

 private:
  std::shared_ptr<const DevicePlan> plan_;
  std::optional<c10::Event> last_;
};

}  // namespace torchtrt::engine

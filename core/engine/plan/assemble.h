// assemble: the second half of a build, which weights decide: passes, layout, schedule.
#pragma once

#include <functional>
#include <vector>

#include "core/engine/plan/plan.h"

namespace torchtrt::engine {

// Where `ids`, some of `from`, are in `to`, the same list of another graph.
std::vector<ValueId> at_places(const std::vector<ValueId>& ids, const std::vector<ValueId>& from,
                               const std::vector<ValueId>& to);

// Runs the passes on `graph`, a network that was checked, and completes the plan with the result. `step` is called
// before each pass.
void assemble(Plan& plan, Graph graph, const std::vector<ValueId>& host_inputs, int optimization_level, const Log& log,
              const std::function<void()>& step);

}  // namespace torchtrt::engine

// Plan: look-ups, and what is derived from its graph.
#include "core/engine/plan/plan.h"

#include <algorithm>

#include "core/engine/graph/compact.h"
#include "core/engine/plan/formats.h"
#include "core/engine/plan/placement.h"
#include "core/engine/plan/streaming.h"
#include "core/engine/plan/weights.h"

namespace torchtrt::engine {

const InputRange* Profile::find(std::string_view input) const {
  const auto found = std::find_if(inputs.begin(), inputs.end(), [&](const InputRange& r) { return r.input == input; });
  return found == inputs.end() ? nullptr : &*found;
}

const Binding* Plan::find(std::string_view wanted) const {
  const auto found = std::find_if(bindings.begin(), bindings.end(), [&](const Binding& b) { return b.name == wanted; });
  return found == bindings.end() ? nullptr : &*found;
}

int64_t Plan::weights_bytes() const { return engine::weights_bytes(graph); }

void schedule(Plan& plan, const std::vector<ValueId>& host_inputs) {
  plan.order = live_nodes(plan.graph);
  if (plan.weight_streaming) move_constants_to_use(plan.graph, plan.order);
  const Needs needs = find_needs(plan.graph, plan.order);
  plan.placement.clear();
  for (ValueId id = 0; id < plan.graph.value_count(); ++id) plan.placement.push_back(needs.placement(id));
  plan.bindings = bindings_of(plan.graph, host_inputs);
  check_reformats(plan);
}

}  // namespace torchtrt::engine

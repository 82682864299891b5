// assemble: graph of a network -> graph of a plan.
#include "core/engine/plan/assemble.h"

#include <algorithm>

#include "core/engine/graph/compact.h"
#include "core/engine/passes/list.h"
#include "core/engine/passes/passes.h"
#include "core/engine/plan/body.h"
#include "core/engine/plan/formats.h"
#include "core/engine/plan/settle.h"
#include "core/engine/plan/weights.h"

namespace torchtrt::engine {
namespace {

void run_passes(Graph& graph, int level, const Log& log, const std::function<void()>& step) {
  const auto run = [&](const Pass& pass) {
    const bool inside = change_bodies(graph, [&](Graph& body) { return pass.run(body); });
    if (!pass.run(graph) && !inside) return;
    graph = compact(graph);  // what died would count as a user
    log(Severity::kVerbose,
        join("pass ", pass.name, " changed network \"", graph.name(), "\": ", graph.nodes().size(), " layers"));
    if (pass.run != fold_constants) return;
    if (const auto error = graph.first_shape_error()) TORCHTRT_THROW(kInvalidConfig, *error);  // constants show it
  };
  for (const Pass& pass : passes()) {
    if (level >= pass.level) run(pass);
    step();
  }
  if (hoist_constants(graph)) {
    if (level > 0) merge_equal_nodes(graph);
    graph = compact(graph);
  }
  settle_all(graph);
  if (const auto error = graph.first_shape_error()) TORCHTRT_THROW(kInternal, "a pass broke the network: ", *error);
}

}  // namespace

std::vector<ValueId> at_places(const std::vector<ValueId>& ids, const std::vector<ValueId>& from,
                               const std::vector<ValueId>& to) {
  std::vector<ValueId> result;
  for (const ValueId id : ids) result.push_back(to[std::find(from.begin(), from.end(), id) - from.begin()]);
  return result;
}

void assemble(Plan& plan, Graph graph, const std::vector<ValueId>& host_inputs, int optimization_level, const Log& log,
              const std::function<void()>& step) {
  const std::vector<ValueId> inputs = graph.inputs();
  run_passes(graph, optimization_level, log, step);
  add_reformats(graph);
  plan.graph = compact(graph);
  own_weights(plan.graph);
  schedule(plan, at_places(host_inputs, inputs, plan.graph.inputs()));
  step();
}

}  // namespace torchtrt::engine

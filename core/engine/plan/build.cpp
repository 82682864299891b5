// build: network -> plan. Validate, complete and check profiles, run the passes, own the weights, place values.
#include <algorithm>
#include <map>
#include <set>

#include "core/engine/graph/compact.h"
#include "core/engine/passes/list.h"
#include "core/engine/passes/passes.h"
#include "core/engine/plan/aliases.h"
#include "core/engine/plan/assemble.h"
#include "core/engine/plan/body.h"
#include "core/engine/plan/border_types.h"
#include "core/engine/plan/corner.h"
#include "core/engine/plan/evaluation.h"
#include "core/engine/plan/outline.h"
#include "core/engine/plan/placement.h"
#include "core/engine/plan/plan.h"
#include "core/engine/plan/plugins.h"
#include "core/engine/plan/profile.h"
#include "core/engine/plan/quantization_rules.h"
#include "core/engine/plan/refit.h"
#include "core/engine/plan/settle.h"
#include "core/engine/plan/weights.h"

namespace torchtrt::engine {
namespace {

// Tells the caller how far the build is; his answer may end it.
class Progress {
 public:
  Progress(const BuildOptions& options, int steps) : options_(options), steps_(steps) {}
  void step() {
    const int done = step_++;
    if (options_.progress && !options_.progress("Building the engine", done, steps_))
      TORCHTRT_THROW(kInvalidState, "the build was cancelled by the progress monitor after step ", done, " of ",
                     steps_);
  }

 private:
  const BuildOptions& options_;
  int steps_;
  int step_ = 0;
};

void check_network(const Graph& network) {
  TORCHTRT_CHECK(!network.outputs().empty() || !network.shape_outputs().empty(), "network \"", network.name(),
                 "\" has no outputs; mark at least one tensor as output");
  if (const auto error = network.first_shape_error()) TORCHTRT_THROW(kInvalidConfig, *error);
  std::set<std::string> names;
  for (const auto* list : {&network.inputs(), &network.outputs(), &network.shape_outputs()})
    for (const ValueId id : *list) {
      const bool repeated = list == &network.shape_outputs() && network.is_output(id);
      TORCHTRT_CHECK(names.insert(network.value(id).name).second || repeated, "two inputs or outputs are named \"",
                     network.value(id).name, "\"; their names must be unique");
    }
}

// The first violation at one corner of a profile; nullopt: none. Without the values of device tensors, rules that need
// them are left to run time.
std::optional<std::string> violation_at(const Graph& network, const std::vector<NodeId>& order, const Profile& profile,
                                        Corner corner) {
  Evaluation evaluation = start_at(network, profile, corner);
  try {
    for (const NodeId id : order) evaluation.evaluate(id);
  } catch (const Error& error) {
    return error.what();
  }
  return std::nullopt;
}

// Every formula must hold at OPT; a corner that alone fails is the caller's to avoid at run time (layers.md 1.3).
void check_profile(const Graph& network, const std::vector<NodeId>& order, const std::vector<Profile>& profiles,
                   int index, const Log& log) {
  if (const auto error = violation_at(network, order, profiles[index], Corner::kOpt))
    TORCHTRT_THROW(kInvalidConfig, "the network is not valid at the opt shapes of optimization profile ", index, ": ",
                   *error);
  for (const Corner corner : {Corner::kMin, Corner::kMax})
    if (const auto error = violation_at(network, order, profiles[index], corner))
      log(Severity::kWarning, join("at the ", name_of(corner), " shapes of optimization profile ", index,
                                   " the network cannot run: ", *error));
}

// A refitter finds weights by layer and role, unless they have names.
void warn_of_repeated_names(const std::vector<RefittableWeights>& weights, const Log& log) {
  std::set<std::pair<std::string, std::string>> seen;
  for (const RefittableWeights& one : weights)
    if (one.name.empty() && !seen.emplace(one.layer, one.role).second)
      log(Severity::kWarning, join("several layers with refittable weights are named \"", one.layer,
                                   "\": a refitter reaches those of the first only; give layers names of their own"));
}

// Note the types that the user gave: a weakly typed network's weights are float32 by now.
std::shared_ptr<const RefitSource> source_of(const Graph& network, const Graph& graph,
                                             const std::vector<ValueId>& host_inputs, const BuildOptions& options) {
  auto source = std::make_shared<RefitSource>();
  source->graph = compact(graph);
  own_weights(source->graph);
  source->host_inputs = at_places(host_inputs, graph.inputs(), source->graph.inputs());
  source->optimization_level = options.optimization_level;
  source->weights = refittable_weights(source->graph, options.refittable_names ? &*options.refittable_names : nullptr);
  std::map<std::pair<std::string, std::string>, DType> given;
  if (!network.strongly_typed())
    visit_weights(network, [&](size_t, const Node& node, std::string_view role, const Weights& weights) {
      given[{node.name, std::string(role)}] = weights.dtype;
    });
  for (RefittableWeights& weights : source->weights)
    if (const auto found = given.find({weights.layer, weights.role}); found != given.end())
      weights.dtype = found->second;
  warn_of_repeated_names(source->weights, options.log);
  return source;
}

}  // namespace

std::shared_ptr<const Plan> build(const Graph& network, const BuildOptions& options) {
  Progress progress(options, static_cast<int>(passes().size()) + 2);
  check_network(network);
  Graph graph = strengthen(network);
  // Bodies are to see constants, not what computes them; weights that may be exchanged stay what they are.
  if (!graph.regions().empty() && options.optimization_level > 0 && !options.refittable) fold_constants(graph);
  outline(graph);
  visit_graphs(graph, [](const Graph& level) { check_quantization(level, live_nodes(level)); });
  if (options.refittable && hoist_constants(graph)) graph = compact(graph);  // each once, to be exchanged once
  mark_in_place(graph);
  const std::vector<NodeId> order = live_nodes(graph);
  check_border_types(graph, order);
  const std::vector<ValueId> host_inputs = host_inputs_of(graph, find_needs(graph, order));
  auto plan = std::make_shared<Plan>();
  plan->profiles = complete_profiles(graph, host_inputs, options.profiles);
  for (int i = 0; i < static_cast<int>(plan->profiles.size()); ++i)
    check_profile(graph, order, plan->profiles, i, options.log);
  configure_plugins(graph, order, plan->profiles, {!network.strongly_typed(), options.aliased_plugins});
  progress.step();

  plan->name = network.name();
  plan->verbosity = options.verbosity;
  plan->flags = options.flags;
  plan->refittable = options.refittable;
  plan->unfused_debug = options.unfused_debug;
  plan->compatibility = options.compatibility;
  plan->weight_streaming = options.weight_streaming;
  plan->version_compatible = options.version_compatible;
  const auto step = [&] { progress.step(); };
  if (!options.refittable) {
    assemble(*plan, std::move(graph), host_inputs, options.optimization_level, options.log, step);
    return plan;
  }
  plan->source = source_of(network, graph, host_inputs, options);
  assemble(*plan, plan->source->graph.clone(), plan->source->host_inputs, options.optimization_level, options.log,
           step);
  if (options.strip) return strip(*plan);
  return plan;
}

}  // namespace torchtrt::engine

// build_plan: what a network and a configuration mean for the engine's build.
#include <algorithm>
#include <string>

#include "core/engine/api/builder.h"
#include "core/engine/api/network.h"
#include "core/engine/api/twins.h"
#include "core/engine/exec/wait.h"
#include "core/engine/layers/dist_collective.h"

namespace torchtrt::engine::api {
namespace {

using Flag = nv::BuilderFlag;

bool has(nv::BuilderFlags flags, Flag flag) { return (flags >> static_cast<uint32_t>(flag) & 1u) != 0; }

// Types of a strongly typed network come from the network; flags that allow other precisions contradict that.
void check_flags([[maybe_unused]] const Network& network, nv::BuilderFlags flags) {
#if TORCHTRT_TENSORRT_MAJOR == 10
  constexpr Flag kWeakFlags[] = {Flag::kFP16,
                                 Flag::kBF16,
                                 Flag::kINT8,
                                 Flag::kFP8,
                                 Flag::kOBEY_PRECISION_CONSTRAINTS,
                                 Flag::kPREFER_PRECISION_CONSTRAINTS};
  for (const Flag flag : kWeakFlags)
    TORCHTRT_CHECK(!network.graph().strongly_typed() || !has(flags, flag), "builder flag ", name_of(flag),
                   " is for weakly typed networks; this one is strongly typed, its types are those of its layers");
#endif
  TORCHTRT_CHECK(
      !has(flags, Flag::kREFIT_INDIVIDUAL) || !(has(flags, Flag::kREFIT) || has(flags, Flag::kREFIT_IDENTICAL)),
      "builder flag kREFIT_INDIVIDUAL excludes kREFIT and kREFIT_IDENTICAL");
}

// Version 10 wants consent to layers that run on several ranks.
void check_ranks(const Network& network, const BuilderConfig& config) {
#if TORCHTRT_TENSORRT_MAJOR == 10
  for (const Node& node : network.graph().nodes()) {
    const auto* collective = node.layer ? as<DistCollective>(*node.layer) : nullptr;
    TORCHTRT_CHECK(!collective || collective->ranks == 1 ||
                       config.getPreviewFeature(nv::PreviewFeature::kMULTIDEVICE_RUNTIME_10_16),
                   "layer \"", node.name, "\" (DistCollective) runs on ", collective ? collective->ranks : 1,
                   " ranks; set preview feature kMULTIDEVICE_RUNTIME_10_16");
  }
#else
  static_cast<void>(network);
  static_cast<void>(config);
#endif
}

// Passes steps on to the user's monitor: one phase, which is finished in every case.
class Phase {
 public:
  explicit Phase(nv::IProgressMonitor* monitor) : monitor_(monitor) {}
  ~Phase() {
    if (monitor_ && !name_.empty()) monitor_->phaseFinish(name_.c_str());
  }
  bool step(const std::string& name, int step, int steps) {
    if (!monitor_) return true;
    if (name_ != name) {
      if (!name_.empty()) monitor_->phaseFinish(name_.c_str());
      name_ = name;
      monitor_->phaseStart(name_.c_str(), nullptr, steps);
    }
    return monitor_->stepComplete(name_.c_str(), step);
  }

 private:
  nv::IProgressMonitor* monitor_;
  std::string name_;
};

}  // namespace

std::shared_ptr<const Plan> build_plan(const Network& network, const BuilderConfig& config, bool only_check) {
  const nv::BuilderFlags flags = config.getFlags();
  check_flags(network, flags);
  check_ranks(network, config);
  TORCHTRT_REQUIRE(kUnsupported, config.getEngineCapability() == nv::EngineCapability::kSTANDARD, "engine capability ",
                   static_cast<int>(config.getEngineCapability()), "; only kSTANDARD is supported");
  Phase phase(only_check ? nullptr : config.getProgressMonitor());
  BuildOptions options;
  for (const OptimizationProfile* profile : config.profiles()) options.profiles.push_back(profile->plan_profile());
  options.verbosity = ours(config.getProfilingVerbosity());
  options.optimization_level = only_check ? 0 : config.getBuilderOptimizationLevel();
  options.flags = flags;
  options.strip = has(flags, Flag::kSTRIP_PLAN);  // alone it means kREFIT_IDENTICAL (engine.md 12.1)
  options.refittable = options.strip || has(flags, Flag::kREFIT) || has(flags, Flag::kREFIT_IDENTICAL) ||
                       has(flags, Flag::kREFIT_INDIVIDUAL);
  if (has(flags, Flag::kREFIT_INDIVIDUAL)) options.refittable_names = network.refittable_weights();
  options.weight_streaming = has(flags, Flag::kWEIGHT_STREAMING);
  options.version_compatible = has(flags, Flag::kVERSION_COMPATIBLE);
  options.debug = has(flags, Flag::kDEBUG);
  options.unfused_debug = network.unfused_debug();
  options.aliased_plugins = config.getPreviewFeature(nv::PreviewFeature::kALIASED_PLUGIN_IO_10_03);
  options.compatibility = static_cast<int>(config.getHardwareCompatibilityLevel());
  options.log = [&](Severity severity, const std::string& text) { config.report().log(theirs(severity), text); };
  options.progress = [&](const std::string& name, int step, int steps) { return phase.step(name, step, steps); };
  auto plan = build(network.graph(), options);
  if (options.debug && !only_check)
    for (const NodeId id : plan->order)
      config.report().info(
          join(plan->graph.node(id).layer->kind(), " layer \"", plan->graph.node(id).name, "\" is built"));
  wait_for_stream(config.getProfileStream());
  return plan;
}

}  // namespace torchtrt::engine::api

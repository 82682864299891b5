// build_plan: what a network and a configuration mean for the engine's build.
#include <algorithm>
#include <string>

#include "core/engine/api/builder.h"
#include "core/engine/api/network.h"
#include "core/engine/api/twins.h"
#include "core/engine/exec/wait.h"

namespace torchtrt::engine::api {
namespace {

using Flag = nv::BuilderFlag;

bool has(nv::BuilderFlags flags, Flag flag) { return (flags >> static_cast<uint32_t>(flag) & 1u) != 0; }

// Types of a strongly typed network come from the network; flags that allow other precisions contradict that.
void check_flags(const Network& network, nv::BuilderFlags flags) {
  constexpr Flag kWeakFlags[] = {Flag::kFP16,
                                 Flag::kBF16,
                                 Flag::kINT8,
                                 Flag::kFP8,
                                 Flag::kOBEY_PRECISION_CONSTRAINTS,
                                 Flag::kPREFER_PRECISION_CONSTRAINTS};
  for (const Flag flag : kWeakFlags)
    TORCHTRT_CHECK(!network.graph().strongly_typed() || !has(flags, flag), "builder flag ", name_of(flag),
                   " is for weakly typed networks; this one is strongly typed, its types are those of its layers");
  TORCHTRT_CHECK(
      !has(flags, Flag::kREFIT_INDIVIDUAL) || !(has(flags, Flag::kREFIT) || has(flags, Flag::kREFIT_IDENTICAL)),
      "builder flag kREFIT_INDIVIDUAL excludes kREFIT and kREFIT_IDENTICAL");
  TORCHTRT_REQUIRE(kUnsupported, !has(flags, Flag::kSTRIP_PLAN),
                   "builder flag kSTRIP_PLAN: plans without weights are not built into the embedded engine yet");
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

std::shared_ptr<const Plan> build_plan(const Network& network, const BuilderConfig& config) {
  const nv::BuilderFlags flags = config.getFlags();
  check_flags(network, flags);
  TORCHTRT_REQUIRE(kUnsupported, config.getEngineCapability() == nv::EngineCapability::kSTANDARD, "engine capability ",
                   static_cast<int>(config.getEngineCapability()), "; only kSTANDARD is supported");
  Phase phase(config.getProgressMonitor());
  BuildOptions options;
  for (const OptimizationProfile* profile : config.profiles()) options.profiles.push_back(profile->plan_profile());
  options.verbosity = ours(config.getProfilingVerbosity());
  options.optimization_level = config.getBuilderOptimizationLevel();
  options.flags = flags;
  options.refittable =
      has(flags, Flag::kREFIT) || has(flags, Flag::kREFIT_IDENTICAL) || has(flags, Flag::kREFIT_INDIVIDUAL);
  options.debug = has(flags, Flag::kDEBUG);
  options.unfused_debug = network.unfused_debug();
  options.aliased_plugins = config.getPreviewFeature(nv::PreviewFeature::kALIASED_PLUGIN_IO_10_03);
  options.compatibility = static_cast<int>(config.getHardwareCompatibilityLevel());
  options.log = [&](Severity severity, const std::string& text) { config.report().log(theirs(severity), text); };
  options.progress = [&](const std::string& name, int step, int steps) { return phase.step(name, step, steps); };
  auto plan = build(network.graph(), options);
  wait_for_stream(config.getProfileStream());
  return plan;
}

}  // namespace torchtrt::engine::api

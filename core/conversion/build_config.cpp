// CompileSpec as builder flags, one optimisation profile, and the plan.
#include "core/conversion/build_config.h"

#include "core/conversion/value.h"
#include "core/util/error.h"

namespace torchtrt::conversion {
namespace {

using nvinfer1::BuilderFlag;

void set_flags(nvinfer1::IBuilderConfig& config, const ir::CompileSpec& spec) {
  if (spec.disable_tf32) {
    config.clearFlag(BuilderFlag::kTF32);
  } else {
    config.setFlag(BuilderFlag::kTF32);
  }
  if (spec.sparse_weights) config.setFlag(BuilderFlag::kSPARSE_WEIGHTS);
  if (spec.refit) config.setFlag(BuilderFlag::kREFIT);
  if (spec.debug) config.setFlag(BuilderFlag::kDEBUG);
  if (spec.debug) config.setProfilingVerbosity(nvinfer1::ProfilingVerbosity::kDETAILED);
}

void set_device(nvinfer1::IBuilderConfig& config, const ir::CompileSpec& spec) {
  if (spec.capability == ir::EngineCapability::kSafety) config.setEngineCapability(nvinfer1::EngineCapability::kSAFETY);
  if (spec.capability == ir::EngineCapability::kDlaStandalone)
    config.setEngineCapability(nvinfer1::EngineCapability::kDLA_STANDALONE);
  if (spec.device.type != ir::DeviceType::kDla) return;
  config.setDefaultDeviceType(nvinfer1::DeviceType::kDLA);
  config.setDLACore(static_cast<int32_t>(spec.device.dla_core));
  if (spec.device.allow_gpu_fallback) config.setFlag(BuilderFlag::kGPU_FALLBACK);
  const ir::CompileSpec defaults;
  const auto limit = [&](nvinfer1::MemoryPoolType pool, int64_t bytes, int64_t usual) {
    if (bytes != usual) config.setMemoryPoolLimit(pool, static_cast<size_t>(bytes));
  };
  limit(nvinfer1::MemoryPoolType::kDLA_MANAGED_SRAM, spec.dla_sram_size, defaults.dla_sram_size);
  limit(nvinfer1::MemoryPoolType::kDLA_LOCAL_DRAM, spec.dla_local_dram_size, defaults.dla_local_dram_size);
  limit(nvinfer1::MemoryPoolType::kDLA_GLOBAL_DRAM, spec.dla_global_dram_size, defaults.dla_global_dram_size);
}

void add_profile(nvinfer1::IBuilder& builder, nvinfer1::IBuilderConfig& config,
                 const std::vector<BindingRange>& ranges) {
  auto* profile = builder.createOptimizationProfile();
  TORCHTRT_REQUIRE(kExecution, profile, "The builder gives no optimisation profile");
  for (const BindingRange& range : ranges) {
    using nvinfer1::OptProfileSelector;
    bool set = profile->setDimensions(range.name.c_str(), OptProfileSelector::kMIN, to_dims(range.min));
    set &= profile->setDimensions(range.name.c_str(), OptProfileSelector::kOPT, to_dims(range.opt));
    set &= profile->setDimensions(range.name.c_str(), OptProfileSelector::kMAX, to_dims(range.max));
    TORCHTRT_REQUIRE(kInvalidArgument, set, "The builder refuses the shape range of input '", range.name, "'");
  }
  TORCHTRT_REQUIRE(kInvalidArgument, config.addOptimizationProfile(profile) >= 0,
                   "The shape ranges are not consistent");
}

}  // namespace

std::vector<BindingRange> ranges_of(const ir::TypedGraph& graph, const Segment& segment) {
  std::vector<BindingRange> ranges;
  for (size_t i = 0; i < segment.inputs.size(); ++i) {
    const auto& samples = graph.fact(segment.inputs[i]).samples;  // opt, min, max
    const auto sizes = [&](size_t k) { return samples.at(samples.size() == 1 ? 0 : k).toTensor().sizes().vec(); };
    ranges.push_back({segment.input_names[i], sizes(1), sizes(0), sizes(2)});
  }
  return ranges;
}

std::unique_ptr<nvinfer1::INetworkDefinition> make_network(nvinfer1::IBuilder& builder) {
  const auto flags = 1u << static_cast<uint32_t>(nvinfer1::NetworkDefinitionCreationFlag::kSTRONGLY_TYPED);
  std::unique_ptr<nvinfer1::INetworkDefinition> network(builder.createNetworkV2(flags));
  TORCHTRT_REQUIRE(kExecution, network, "The builder gives no network");
  return network;
}

std::string build(nvinfer1::IBuilder& builder, nvinfer1::INetworkDefinition& network,
                  const std::vector<BindingRange>& ranges, const ir::CompileSpec& spec) {
  const std::unique_ptr<nvinfer1::IBuilderConfig> config(builder.createBuilderConfig());
  TORCHTRT_REQUIRE(kExecution, config, "The builder gives no configuration");
  set_flags(*config, spec);
  set_device(*config, spec);
  config->setAvgTimingIterations(static_cast<int32_t>(spec.num_avg_timing_iters));
  if (spec.workspace_size > 0)
    config->setMemoryPoolLimit(nvinfer1::MemoryPoolType::kWORKSPACE, static_cast<size_t>(spec.workspace_size));
  for (const BindingRange& range : ranges) {
    if (!range.is_dynamic()) continue;
    add_profile(builder, *config, ranges);
    break;
  }
  const std::unique_ptr<nvinfer1::IHostMemory> plan(builder.buildSerializedNetwork(network, *config));
  TORCHTRT_REQUIRE(kExecution, plan, "The engine could not be built");
  return {static_cast<const char*>(plan->data()), plan->size()};
}

}  // namespace torchtrt::conversion

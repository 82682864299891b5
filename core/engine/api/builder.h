// Builder: makes networks, configurations and profiles, and builds plans.
#pragma once

#include <NvInfer.h>

#include <memory>
#include <vector>

#include "core/engine/api/config.h"
#include "core/engine/api/majors.h"
#include "core/engine/api/registry.h"
#include "core/engine/api/report.h"
#include "core/engine/plan/plan.h"

namespace torchtrt::engine::api {

class Network;

class Builder final : public nv::IBuilder, public nv::apiv::VBuilder {
 public:
  explicit Builder(nv::ILogger* logger) : report_(logger), registry_(&global_registry(), logger) { mImpl = this; }

  bool platformHasFastFp16() const noexcept TORCHTRT_OVERRIDE_10 { return true; }
  bool platformHasFastInt8() const noexcept TORCHTRT_OVERRIDE_10 { return true; }
  bool platformHasTf32() const noexcept TORCHTRT_OVERRIDE_10 { return true; }
  int32_t getMaxDLABatchSize() const noexcept override { return 0; }
  int32_t getNbDLACores() const noexcept override { return 0; }
  // Of engines to come: their contexts take device memory from it (see ExecutionContext::allocate_memory).
  void setGpuAllocator(nv::IGpuAllocator* allocator) noexcept override { gpu_allocator_ = allocator; }
  nv::IBuilderConfig* createBuilderConfig() noexcept override;
  nv::INetworkDefinition* createNetworkV2(nv::NetworkDefinitionCreationFlags flags) noexcept override;
  nv::IOptimizationProfile* createOptimizationProfile() noexcept override;
  void setErrorRecorder(nv::IErrorRecorder* recorder) noexcept override { report_.set_recorder(recorder); }
  nv::IErrorRecorder* getErrorRecorder() const noexcept override { return report_.recorder(); }
  void reset() noexcept override { threads_ = 1; }
  nv::IHostMemory* buildSerializedNetwork(nv::INetworkDefinition& network,
                                          nv::IBuilderConfig& config) noexcept override;
  bool isNetworkSupported(const nv::INetworkDefinition& network,
                          const nv::IBuilderConfig& config) const noexcept override;
  nv::ILogger* getLogger() const noexcept override { return report_.logger(); }
  bool setMaxThreads(int32_t threads) noexcept override;
  int32_t getMaxThreads() const noexcept override { return threads_; }
  nv::IPluginRegistry& getPluginRegistry() noexcept override { return registry_; }
  nv::ICudaEngine* buildEngineWithConfig(nv::INetworkDefinition& network, nv::IBuilderConfig& config) noexcept override;
  bool buildSerializedNetworkToStream(nv::INetworkDefinition& network, nv::IBuilderConfig& config,
                                      nv::IStreamWriter& writer) noexcept override;
  nv::IHostMemory* buildSerializedNetworkWithKernelText(nv::INetworkDefinition& network, nv::IBuilderConfig& config,
                                                        nv::IHostMemory*& kernel_text) noexcept override;

 private:
  Report report_;
  PluginRegistry registry_;
  int32_t threads_ = 1;
  nv::IGpuAllocator* gpu_allocator_ = nullptr;
  std::vector<std::unique_ptr<OptimizationProfile>> profiles_;
};

// What the flags and options of a configuration mean for the engine. Throws for flags that exclude each other.
// `only_check`: the rules of a build without its effort, of which nobody is told.
std::shared_ptr<const Plan> build_plan(const Network& network, const BuilderConfig& config, bool only_check = false);

}  // namespace torchtrt::engine::api

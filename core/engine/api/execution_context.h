// ExecutionContext: IExecutionContext over the engine's context.
#pragma once

#include <NvInferRuntime.h>

#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/engine/api/device_memory.h"
#include "core/engine/api/engine.h"
#include "core/engine/api/majors.h"
#include "core/engine/api/small_configs.h"

namespace torchtrt::engine::api {

class ExecutionContext final : public nv::IExecutionContext, public nv::apiv::VExecutionContext {
 public:
  ExecutionContext(CudaEngine& engine, nv::ExecutionContextAllocationStrategy strategy);

  nv::IExecutionContext* getPImpl() noexcept override { return this; }
  void setDebugSync(bool sync) noexcept override { debug_sync_ = sync; }
  bool getDebugSync() const noexcept override { return debug_sync_; }
  const nv::ICudaEngine& getEngine() const noexcept override { return engine_; }
  void setName(const char* name) noexcept override;
  const char* getName() const noexcept override { return name_.c_str(); }
  void setErrorRecorder(nv::IErrorRecorder* recorder) noexcept override { report_.set_recorder(recorder); }
  nv::IErrorRecorder* getErrorRecorder() const noexcept override { return report_.recorder(); }
  nv::IRuntimeConfig* getRuntimeConfig() const noexcept override;  // a copy, which the caller deletes

  // ---- shapes and addresses
  int32_t getOptimizationProfile() const noexcept override { return context_->profile(); }
  bool setOptimizationProfileAsync(int32_t profile, cudaStream_t stream) noexcept override;
  bool allInputDimensionsSpecified() const noexcept override;
  bool allInputShapesSpecified() const noexcept TORCHTRT_OVERRIDE_10;
  bool setInputShape(const char* name, const nv::Dims& dims) noexcept override;
  nv::Dims getTensorShape(const char* name) const noexcept override;
  nv::Dims getTensorStrides(const char* name) const noexcept override;
  bool setTensorAddress(const char* name, void* address) noexcept override;
  const void* getTensorAddress(const char* name) const noexcept override;
  bool setInputTensorAddress(const char* name, const void* address) noexcept override;
  bool setOutputTensorAddress(const char* name, void* address) noexcept override;
  void* getOutputTensorAddress(const char* name) const noexcept override;
  int32_t inferShapes(int32_t capacity, const char** names) noexcept override;
  bool setOutputAllocator(const char* name, nv::IOutputAllocator* allocator) noexcept override;
  nv::IOutputAllocator* getOutputAllocator(const char* name) noexcept override;
  int64_t getMaxOutputSize(const char* name) const noexcept override;

  // ---- running
  bool enqueueV3(cudaStream_t stream) noexcept override;
  bool executeV2(void* const* bindings) noexcept override;
  bool setInputConsumedEvent(cudaEvent_t event) noexcept override;
  cudaEvent_t getInputConsumedEvent() const noexcept override { return consumed_; }
  // ---- telling of runs: execution_context_debug.cpp
  void setProfiler(nv::IProfiler* profiler) noexcept override;
  nv::IProfiler* getProfiler() const noexcept override { return profiler_; }
  void setEnqueueEmitsProfile(bool emits) noexcept override { emits_profile_ = emits; }
  bool getEnqueueEmitsProfile() const noexcept override { return emits_profile_; }
  bool reportToProfiler() const noexcept override;
  bool setDebugListener(nv::IDebugListener* listener) noexcept override;
  nv::IDebugListener* getDebugListener() noexcept override { return listener_; }
  bool setTensorDebugState(const char* name, bool on) noexcept override;
  bool getDebugState(const char* name) const noexcept override;
  bool setAllTensorsDebugState(bool on) noexcept override;
  bool setUnfusedTensorsDebugState(bool on) noexcept override;
  bool getUnfusedTensorsDebugState() const noexcept override { return unfused_debug_; }

  // For inspectors: by ValueId and NodeId of the plan's graph.
  std::vector<Shape> shapes() const { return context_->shapes(); }
  const std::vector<std::string>& operators() const { return context_->operators(); }

  // ---- memory: execution_context_memory.cpp
  void setDeviceMemory(void* memory) noexcept override;
  void setDeviceMemoryV2(void* memory, int64_t bytes) noexcept override;
  std::size_t updateDeviceMemorySizeForShapes() noexcept override;

  // ---- kept and answered: one stream is used, scratch comes from the framework's allocator
  bool setTemporaryStorageAllocator(nv::IGpuAllocator* allocator) noexcept override;
  nv::IGpuAllocator* getTemporaryStorageAllocator() const noexcept override { return allocator_; }
  void setPersistentCacheLimit(size_t bytes) noexcept override { cache_limit_ = bytes; }
  size_t getPersistentCacheLimit() const noexcept override { return cache_limit_; }
  bool setNvtxVerbosity(nv::ProfilingVerbosity verbosity) noexcept override;
  nv::ProfilingVerbosity getNvtxVerbosity() const noexcept override { return nvtx_; }
  void setAuxStreams(cudaStream_t* streams, int32_t count) noexcept override;
  bool setCommunicator(void* communicator) noexcept override;

 private:
  const Binding& binding(const char* name) const;  // throws kInvalidArgument
  const Binding& binding(const char* name, bool input) const;
  bool lacks_shape(const Binding& input) const;
  bool report_times() const;
  void update_listener();
  void allocate_memory();
  void require_memory();

  CudaEngine& engine_;
  Report report_;
  nv::ExecutionContextAllocationStrategy strategy_;
  DeviceMemory own_memory_;  // outlives context_, which uses it
  int64_t given_bytes_ = 0;  // of the memory that the caller manages
  std::shared_ptr<const bool> tenancy_;
  std::unique_ptr<Context> context_;
  std::string name_;
  std::map<std::string, nv::IOutputAllocator*, std::less<>> allocators_;
  nv::IProfiler* profiler_ = nullptr;
  bool emits_profile_ = true;
  bool debug_sync_ = false;
  cudaEvent_t consumed_ = nullptr;
  nv::IGpuAllocator* allocator_ = nullptr;
  size_t cache_limit_ = 0;
  nv::ProfilingVerbosity nvtx_;
  nv::IDebugListener* listener_ = nullptr;
  std::set<std::string, std::less<>> debug_on_;
  bool unfused_debug_ = false;
};

}  // namespace torchtrt::engine::api

// CudaEngine: ICudaEngine over a loaded plan.
#pragma once

#include <NvInfer.h>

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "core/engine/api/majors.h"
#include "core/engine/api/report.h"
#include "core/engine/exec/current_plan.h"
#include "core/engine/file/carried_libraries.h"

namespace torchtrt::engine::api {

class CudaEngine final : public nv::ICudaEngine, public nv::apiv::VCudaEngine {
 public:
  CudaEngine(const Report& report, std::shared_ptr<const LoadedPlan> loaded)
      : report_(report), current_(std::make_shared<CurrentPlan>(std::move(loaded))), about_(*plan()) {
    mImpl = this;
  }

  // The present one; a refit, on another thread too, leaves it as it is and brings another.
  std::shared_ptr<const Plan> plan() const;
  // See LoadedPlan::device_index.
  int device() const { return current_->get()->device_index(); }
  // What no refit changes.
  const PlanAbout& about() const { return about_; }
  // Null: there is no such input or output.
  const Binding* binding(const char* name) const;
  const std::shared_ptr<CurrentPlan>& current() const { return current_; }
  // Contexts run it from their next run on. With a stream (a cudaStream_t) nothing is waited for, and what is given to
  // the stream from then on comes behind the new weights; without, they are there when the call returns.
  void exchange(std::shared_ptr<const Plan> plan, std::optional<void*> stream);
  // Held while a refit goes from one plan to the next.
  std::mutex& refits() { return refits_; }
  // Held by every context: weights cannot be moved while there are some.
  const std::shared_ptr<const bool>& tenants() const { return tenants_; }
  // A copy of the text that lives as long as the engine.
  const char* keep(const std::string& text) const;
  const Report& report() const { return report_; }
  std::set<std::string, std::less<>> debug_tensors() const;
  // For the device memory of contexts; null: the framework's.
  nv::IGpuAllocator* gpu_allocator() const { return gpu_allocator_; }
  void set_gpu_allocator(nv::IGpuAllocator* allocator) { gpu_allocator_ = allocator; }
  // Libraries that its plan brought, and takes along when it is serialized.
  void carry(CarriedLibraries libraries) { libraries_ = std::move(libraries); }

  nv::ICudaEngine* getPImpl() noexcept override { return this; }
  int32_t getNbLayers() const noexcept override { return static_cast<int32_t>(plan()->order.size()); }
  nv::IHostMemory* serialize() const noexcept override;
  nv::IExecutionContext* createExecutionContext(nv::ExecutionContextAllocationStrategy strategy) noexcept override;
  nv::IExecutionContext* createExecutionContextWithoutDeviceMemory() noexcept TORCHTRT_OVERRIDE_10;
  nv::IExecutionContext* createExecutionContextWithRuntimeConfig(nv::IRuntimeConfig* config) noexcept override;
  nv::IRuntimeConfig* createRuntimeConfig() noexcept override;
  bool isRefittable() const noexcept override { return about_.refittable; }
  nv::IRefitter* createRefitter(nv::ILogger& logger) noexcept override;
  const char* getName() const noexcept override { return about_.name.c_str(); }
  int32_t getNbOptimizationProfiles() const noexcept override { return static_cast<int32_t>(about_.profiles.size()); }
  nv::EngineCapability getEngineCapability() const noexcept override { return nv::EngineCapability::kSTANDARD; }
  void setErrorRecorder(nv::IErrorRecorder* recorder) noexcept override { report_.set_recorder(recorder); }
  nv::IErrorRecorder* getErrorRecorder() const noexcept override { return report_.recorder(); }
  bool hasImplicitBatchDimension() const noexcept TORCHTRT_OVERRIDE_10 { return false; }
  nv::TacticSources getTacticSources() const noexcept override { return 0; }
  nv::ProfilingVerbosity getProfilingVerbosity() const noexcept override;
  nv::IEngineInspector* createEngineInspector() const noexcept override;
  nv::HardwareCompatibilityLevel getHardwareCompatibilityLevel() const noexcept override;
  int32_t getNbAuxStreams() const noexcept override { return 0; }

  // ---- I/O tensors: engine_tensors.cpp
  int32_t getNbIOTensors() const noexcept override { return static_cast<int32_t>(about_.bindings.size()); }
  const char* getIOTensorName(int32_t index) const noexcept override;
  nv::Dims getTensorShape(const char* name) const noexcept override;
  nv::DataType getTensorDataType(const char* name) const noexcept override;
  nv::TensorLocation getTensorLocation(const char* name) const noexcept override;
  bool isShapeInferenceIO(const char* name) const noexcept override;
  nv::TensorIOMode getTensorIOMode(const char* name) const noexcept override;
  int32_t getTensorBytesPerComponent(const char* name) const noexcept override;
  int32_t getTensorComponentsPerElement(const char* name) const noexcept override;
  nv::TensorFormat getTensorFormat(const char* name) const noexcept override;
  const char* getTensorFormatDesc(const char* name) const noexcept override;
  int32_t getTensorVectorizedDim(const char* name) const noexcept override;
  int32_t getTensorBytesPerComponentV2(const char* name, int32_t profile) const noexcept override;
  int32_t getTensorComponentsPerElementV2(const char* name, int32_t profile) const noexcept override;
  nv::TensorFormat getTensorFormatV2(const char* name, int32_t profile) const noexcept override;
  const char* getTensorFormatDescV2(const char* name, int32_t profile) const noexcept override;
  int32_t getTensorVectorizedDimV2(const char* name, int32_t profile) const noexcept override;
  nv::Dims getProfileShape(const char* name, int32_t profile, nv::OptProfileSelector select) const noexcept override;
  const int32_t* getProfileTensorValues(const char* name, int32_t profile,
                                        nv::OptProfileSelector select) const noexcept TORCHTRT_OVERRIDE_10;
  const int64_t* getProfileTensorValuesV2(const char* name, int32_t profile,
                                          nv::OptProfileSelector select) const noexcept override;
  bool isDebugTensor(const char* name) const noexcept override;
  const char* getAliasedInputTensor(const char* output) const noexcept override;

  // ---- serialization, memory of tensors between layers; budgets: engine_streaming.cpp
  nv::ISerializationConfig* createSerializationConfig() noexcept override;
  nv::IHostMemory* serializeWithConfig(nv::ISerializationConfig& config) const noexcept override;
  size_t getDeviceMemorySize() const noexcept TORCHTRT_OVERRIDE_10 {
    return static_cast<size_t>(getDeviceMemorySizeV2());
  }
  size_t getDeviceMemorySizeForProfile(int32_t profile) const noexcept TORCHTRT_OVERRIDE_10 {
    return static_cast<size_t>(getDeviceMemorySizeForProfileV2(profile));
  }
  int64_t getDeviceMemorySizeV2() const noexcept override;
  int64_t getDeviceMemorySizeForProfileV2(int32_t profile) const noexcept override;
  bool setWeightStreamingBudget(int64_t bytes) noexcept TORCHTRT_OVERRIDE_10;
  int64_t getWeightStreamingBudget() const noexcept TORCHTRT_OVERRIDE_10 { return streaming_budget_v1_; }
  int64_t getMinimumWeightStreamingBudget() const noexcept TORCHTRT_OVERRIDE_10 { return 0; }
  int64_t getStreamableWeightsSize() const noexcept override;
  bool setWeightStreamingBudgetV2(int64_t bytes) noexcept override;
  int64_t getWeightStreamingBudgetV2() const noexcept override;
  int64_t getWeightStreamingAutomaticBudget() const noexcept override;
  int64_t getWeightStreamingScratchMemorySize() const noexcept override;
  int64_t getEngineStat(nv::EngineStat stat) const noexcept override;

 private:
  const Binding* find(const char* function, const char* name) const;  // reported where it is null
  const Binding* find(const char* function, const char* name, int32_t profile) const;
  void expect_one_profile(const char* function) const;
  const InputRange* range_of(const char* name, int32_t profile) const;
  void stream(int64_t budget);

  Report report_;
  std::shared_ptr<CurrentPlan> current_;
  PlanAbout about_;                  // what is answered by pointer comes from here, refit or not
  int64_t streaming_budget_ = -1;    // -1: streaming is off
  int64_t streaming_budget_v1_ = 0;  // as it was set
  std::shared_ptr<const bool> tenants_ = std::make_shared<const bool>(true);
  nv::IGpuAllocator* gpu_allocator_ = nullptr;
  CarriedLibraries libraries_;
  std::mutex refits_;
  mutable std::mutex caches_;                       // an engine is asked by many threads
  mutable std::map<int32_t, int64_t> block_bytes_;  // by profile
  mutable std::set<std::string> kept_;
  mutable std::map<std::string, std::string> format_texts_;  // by tensor
  // Profile values as int32, by address of the int64 ones.
  mutable std::map<const void*, std::vector<int32_t>> narrow_values_;
};

// "Row major linear FP32 format (kLINEAR)"
std::string format_text(Format format, DType dtype);

}  // namespace torchtrt::engine::api

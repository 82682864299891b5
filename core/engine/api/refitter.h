// Refitter: collects new weights for an engine and exchanges its plan.
#pragma once

#include <NvInferRuntime.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/engine/api/majors.h"
#include "core/engine/api/report.h"
#include "core/engine/plan/refit.h"

namespace torchtrt::engine::api {

class CudaEngine;

class Refitter final : public nv::IRefitter, public nv::apiv::VRefitter {
 public:
  Refitter(CudaEngine& engine, const Report& report);

  nv::IRefitter* getPImpl() noexcept override { return this; }
  bool setWeights(const char* layer, nv::WeightsRole role, const nv::Weights weights) noexcept override;
  bool refitCudaEngine() noexcept override;
  bool refitCudaEngineAsync(cudaStream_t stream) noexcept override;
  int32_t getMissing(int32_t size, const char** layers, nv::WeightsRole* roles) noexcept override;
  int32_t getAll(int32_t size, const char** layers, nv::WeightsRole* roles) noexcept override;
  int32_t getMissingWeights(int32_t size, const char** names) noexcept override;
  int32_t getAllWeights(int32_t size, const char** names) noexcept override;
  bool setNamedWeights(const char* name, nv::Weights weights) noexcept override;
  bool setNamedWeightsWithLocation(const char* name, nv::Weights weights,
                                   nv::TensorLocation location) noexcept override;
  nv::Weights getNamedWeights(const char* name) const noexcept override;
  nv::TensorLocation getWeightsLocation(const char* name) const noexcept override;
  bool unsetNamedWeights(const char* name) noexcept override;
  nv::Weights getWeightsPrototype(const char* name) const noexcept override;
  void setWeightsValidation(bool validate) noexcept override { validate_ = validate; }
  bool getWeightsValidation() const noexcept override { return validate_; }
  bool setMaxThreads(int32_t threads) noexcept override;
  int32_t getMaxThreads() const noexcept override { return threads_; }
  nv::ILogger* getLogger() const noexcept override { return report_.logger(); }
  void setErrorRecorder(nv::IErrorRecorder* recorder) noexcept override { report_.set_recorder(recorder); }
  nv::IErrorRecorder* getErrorRecorder() const noexcept override { return report_.recorder(); }
  bool releaseRefitResources() noexcept TORCHTRT_OVERRIDE_11;

  // ---- no tensor of this engine has a dynamic range: implicit quantization is accepted and ignored
  bool setDynamicRange(const char* tensor, float, float) noexcept TORCHTRT_OVERRIDE_10;
  float getDynamicRangeMin(const char* tensor) const noexcept TORCHTRT_OVERRIDE_10;
  float getDynamicRangeMax(const char* tensor) const noexcept TORCHTRT_OVERRIDE_10;
  int32_t getTensorsWithDynamicRange(int32_t size, const char** tensors) const noexcept TORCHTRT_OVERRIDE_10;

 private:
  struct Given {
    nv::Weights weights;
    nv::TensorLocation location = nv::TensorLocation::kHOST;
    bool is_in_engine = false;  // a refit has taken them, and their memory may be gone
  };
  const RefittableWeights* named(const char* name) const;  // null: no weights that may be exchanged have the name
  std::vector<size_t> missing() const;
  void check(const RefittableWeights& wanted, const nv::Weights& given) const;
  int32_t list(const std::vector<size_t>& rows, int32_t size, const char** layers, nv::WeightsRole* roles) const;
  int32_t list_names(const std::vector<size_t>& rows, int32_t size, const char** names) const;
  std::map<size_t, engine::Weights> changed(const Plan& plan, void* stream) const;  // by row
  bool refit(const char* function, std::optional<void*> stream) noexcept;           // no stream: it waits

  CudaEngine& engine_;
  Report report_;
  std::vector<RefittableWeights> rows_;  // which of them are absent is the engine's to tell
  std::map<size_t, Given> given_;        // by row
  bool validate_ = true;
  int32_t threads_ = 1;
};

// Null after an error to the logger: the engine was not built refittable.
nv::IRefitter* make_refitter(CudaEngine& engine, nv::ILogger* logger);

}  // namespace torchtrt::engine::api

// OptimizationProfile: ranges of input shapes and of shape-tensor values, as the user gave them.
#pragma once

#include <NvInferRuntime.h>

#include <array>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/engine/api/majors.h"
#include "core/engine/api/report.h"
#include "core/engine/plan/plan.h"

namespace torchtrt::engine::api {

// Owned by its builder. A set call that contradicts what is known already answers false and changes nothing.
class OptimizationProfile final : public nv::IOptimizationProfile, public nv::apiv::VOptimizationProfile {
 public:
  explicit OptimizationProfile(const Report& report) : report_(report) { mImpl = this; }

  // What the build reads; inputs with one selector missing are passed on as they are.
  Profile plan_profile() const;

  bool setDimensions(const char* input, nv::OptProfileSelector select, const nv::Dims& dims) noexcept override;
  nv::Dims getDimensions(const char* input, nv::OptProfileSelector select) const noexcept override;
  bool setShapeValues(const char* input, nv::OptProfileSelector select, const int32_t* values,
                      int32_t count) noexcept TORCHTRT_OVERRIDE_10;
  int32_t getNbShapeValues(const char* input) const noexcept override;
  const int32_t* getShapeValues(const char* input, nv::OptProfileSelector select) const noexcept TORCHTRT_OVERRIDE_10;
  bool setExtraMemoryTarget(float target) noexcept override;
  float getExtraMemoryTarget() const noexcept override { return extra_memory_; }
  bool isValid() const noexcept override;
  bool setShapeValuesV2(const char* input, nv::OptProfileSelector select, const int64_t* values,
                        int32_t count) noexcept override;
  const int64_t* getShapeValuesV2(const char* input, nv::OptProfileSelector select) const noexcept override;
  // Builds run on the host: there is nothing to order on a stream.
  void setProfileStream(cudaStream_t stream) noexcept TORCHTRT_OVERRIDE_11 { stream_ = stream; }
  cudaStream_t getProfileStream() const noexcept TORCHTRT_OVERRIDE_11 { return stream_; }

 private:
  using Values = std::vector<int64_t>;
  // By selector: MIN, OPT, MAX.
  struct Entry {
    std::array<std::optional<Shape>, 3> shapes;
    std::array<std::optional<Values>, 3> values;
    std::array<std::vector<int32_t>, 3> narrow;  // the values where they were given as int32, else empty
    bool is_narrow = false;
  };
  template <class T>
  bool set_values(const char* function, const char* input, nv::OptProfileSelector select, const T* values,
                  int32_t count) noexcept;
  Entry& entry(const char* input);
  const Entry* find(const char* input) const;

  Report report_;
  std::map<std::string, Entry> entries_;
  float extra_memory_ = 1;
  cudaStream_t stream_ = nullptr;
};

}  // namespace torchtrt::engine::api

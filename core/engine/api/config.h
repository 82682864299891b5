// BuilderConfig: options of a build. Most are kept and answered only: there is nothing to tune on this engine.
#pragma once

#include <NvInfer.h>

#include <map>
#include <string>
#include <vector>

#include "core/engine/api/profile.h"
#include "core/engine/api/report.h"

namespace torchtrt::engine::api {

#if TORCHTRT_TENSORRT_MAJOR == 10
inline constexpr uint32_t kAlwaysOnPreviews = 1u << static_cast<uint32_t>(nv::PreviewFeature::kPROFILE_SHARING_0806);
#else
inline constexpr uint32_t kAlwaysOnPreviews = 0;
inline constexpr const char* kBuildRoutes = R"({"options": []})";  // routes choose among builders; there is one
#endif

class BuilderConfig final : public nv::IBuilderConfig, public nv::apiv::VBuilderConfig {
 public:
  explicit BuilderConfig(const Report& report) : report_(report) { mImpl = this; }

  const Report& report() const { return report_; }
  const std::vector<const OptimizationProfile*>& profiles() const { return profiles_; }
  // Paths of libraries that are to travel with the plan: those of version compatible ones do.
  std::vector<std::string> carried() const;

  void setAvgTimingIterations(int32_t iterations) noexcept override;
  int32_t getAvgTimingIterations() const noexcept override { return options_.timing_iterations; }
  void setEngineCapability(nv::EngineCapability capability) noexcept override;
  nv::EngineCapability getEngineCapability() const noexcept override { return options_.capability; }
  void setFlags(nv::BuilderFlags flags) noexcept override;
  nv::BuilderFlags getFlags() const noexcept override { return options_.flags; }
  void clearFlag(nv::BuilderFlag flag) noexcept override;
  void setFlag(nv::BuilderFlag flag) noexcept override;
  bool getFlag(nv::BuilderFlag flag) const noexcept override;
  void setDeviceType(const nv::ILayer* layer, nv::DeviceType device) noexcept override;
  nv::DeviceType getDeviceType(const nv::ILayer* layer) const noexcept override;
  bool isDeviceTypeSet(const nv::ILayer* layer) const noexcept override;
  void resetDeviceType(const nv::ILayer* layer) noexcept override;
  bool canRunOnDLA(const nv::ILayer*) const noexcept override { return false; }
  void setDLACore(int32_t core) noexcept override { options_.dla_core = core; }
  int32_t getDLACore() const noexcept override { return options_.dla_core; }
  void setDefaultDeviceType(nv::DeviceType device) noexcept override;
  nv::DeviceType getDefaultDeviceType() const noexcept override { return options_.device; }
  void reset() noexcept override;
  void setProfileStream(const cudaStream_t stream) noexcept override { options_.stream = stream; }
  cudaStream_t getProfileStream() const noexcept override { return options_.stream; }
  int32_t addOptimizationProfile(const nv::IOptimizationProfile* profile) noexcept override;
  int32_t getNbOptimizationProfiles() const noexcept override { return static_cast<int32_t>(profiles_.size()); }
  void setProfilingVerbosity(nv::ProfilingVerbosity verbosity) noexcept override;
  nv::ProfilingVerbosity getProfilingVerbosity() const noexcept override { return options_.verbosity; }
#if TORCHTRT_TENSORRT_MAJOR == 10  // calibration and algorithm selection
  void setInt8Calibrator(nv::IInt8Calibrator* calibrator) noexcept override;
  nv::IInt8Calibrator* getInt8Calibrator() const noexcept override { return options_.calibrator; }
  void setAlgorithmSelector(nv::IAlgorithmSelector* selector) noexcept override;
  nv::IAlgorithmSelector* getAlgorithmSelector() const noexcept override { return options_.selector; }
  bool setCalibrationProfile(const nv::IOptimizationProfile* profile) noexcept override;
  const nv::IOptimizationProfile* getCalibrationProfile() noexcept override { return options_.calibration_profile; }
  void setQuantizationFlags(nv::QuantizationFlags flags) noexcept override;
  nv::QuantizationFlags getQuantizationFlags() const noexcept override { return options_.quantization; }
  void clearQuantizationFlag(nv::QuantizationFlag flag) noexcept override;
  void setQuantizationFlag(nv::QuantizationFlag flag) noexcept override;
  bool getQuantizationFlag(nv::QuantizationFlag flag) const noexcept override;
  void setMaxAuxStreams(int32_t count) noexcept override { set_aux_streams(count); }
#else
  bool setMaxAuxStreams(int32_t count) noexcept override { return set_aux_streams(count); }
  bool setBuildRoute(const char* route) noexcept override;
  const char* getBuildRoute() const noexcept override { return ""; }
  const char* getAllBuildRoutes() const noexcept override { return kBuildRoutes; }
#endif
  bool setTacticSources(nv::TacticSources sources) noexcept override;
  nv::TacticSources getTacticSources() const noexcept override { return options_.tactic_sources; }
  nv::ITimingCache* createTimingCache(const void* blob, std::size_t size) const noexcept override;
  bool setTimingCache(const nv::ITimingCache& cache, bool ignore_mismatch) noexcept override;
  const nv::ITimingCache* getTimingCache() const noexcept override { return options_.cache; }
  void setMemoryPoolLimit(nv::MemoryPoolType pool, std::size_t bytes) noexcept override;
  std::size_t getMemoryPoolLimit(nv::MemoryPoolType pool) const noexcept override;
  void setPreviewFeature(nv::PreviewFeature feature, bool enable) noexcept override;
  bool getPreviewFeature(nv::PreviewFeature feature) const noexcept override;
  void setBuilderOptimizationLevel(int32_t level) noexcept override;
  int32_t getBuilderOptimizationLevel() const noexcept override { return options_.level; }
  void setHardwareCompatibilityLevel(nv::HardwareCompatibilityLevel level) noexcept override;
  nv::HardwareCompatibilityLevel getHardwareCompatibilityLevel() const noexcept override {
    return options_.compatibility;
  }
  void setPluginsToSerialize(const char* const* paths, int32_t count) noexcept override;
  const char* getPluginToSerialize(int32_t index) const noexcept override;
  int32_t getNbPluginsToSerialize() const noexcept override { return static_cast<int32_t>(options_.plugins.size()); }
  int32_t getMaxAuxStreams() const noexcept override { return options_.aux_streams; }
  void setProgressMonitor(nv::IProgressMonitor* monitor) noexcept override { options_.monitor = monitor; }
  nv::IProgressMonitor* getProgressMonitor() const noexcept override { return options_.monitor; }
  void setRuntimePlatform(nv::RuntimePlatform platform) noexcept override;
  nv::RuntimePlatform getRuntimePlatform() const noexcept override { return options_.platform; }
  void setMaxNbTactics(int32_t count) noexcept override;
  int32_t getMaxNbTactics() const noexcept override { return options_.tactics; }
  bool setTilingOptimizationLevel(nv::TilingOptimizationLevel level) noexcept override;
  nv::TilingOptimizationLevel getTilingOptimizationLevel() const noexcept override { return options_.tiling; }
  bool setL2LimitForTiling(int64_t bytes) noexcept override;
  int64_t getL2LimitForTiling() const noexcept override { return options_.l2_limit; }
  bool setRemoteAutoTuningConfig(const char* config) noexcept override;
  const char* getRemoteAutoTuningConfig() const noexcept override { return ""; }

 private:
  struct Options {
    int32_t timing_iterations = 1;
    nv::EngineCapability capability = nv::EngineCapability::kSTANDARD;
    nv::BuilderFlags flags = 1u << static_cast<uint32_t>(nv::BuilderFlag::kTF32);
    std::map<const nv::ILayer*, nv::DeviceType> devices;
    nv::DeviceType device = nv::DeviceType::kGPU;
    int32_t dla_core = -1;
    cudaStream_t stream = nullptr;
    nv::ProfilingVerbosity verbosity = nv::ProfilingVerbosity::kLAYER_NAMES_ONLY;
#if TORCHTRT_TENSORRT_MAJOR == 10
    nv::IInt8Calibrator* calibrator = nullptr;
    nv::IAlgorithmSelector* selector = nullptr;
    const nv::IOptimizationProfile* calibration_profile = nullptr;
    nv::QuantizationFlags quantization = 0;
#endif
    nv::TacticSources tactic_sources = (1u << nv::EnumMax<nv::TacticSource>()) - 1;
    const nv::ITimingCache* cache = nullptr;
    std::map<nv::MemoryPoolType, std::size_t> pools;
    uint32_t preview = kAlwaysOnPreviews;
    int32_t level = 3;
    nv::HardwareCompatibilityLevel compatibility = nv::HardwareCompatibilityLevel::kNONE;
    std::vector<std::string> plugins;
    int32_t aux_streams = 0;
    nv::IProgressMonitor* monitor = nullptr;
    nv::RuntimePlatform platform = nv::RuntimePlatform::kSAME_AS_BUILD;
    int32_t tactics = -1;
    nv::TilingOptimizationLevel tiling = nv::TilingOptimizationLevel::kNONE;
    int64_t l2_limit = 0;
  };
  void without_effect(const char* function) noexcept;
  template <class Enum>
  void set_enumerator(const char* function, Enum value, Enum& option) noexcept;
  bool set_aux_streams(int32_t count) noexcept;

  Report report_;
  Options options_;
  std::vector<const OptimizationProfile*> profiles_;
  bool warned_ = false;
};

}  // namespace torchtrt::engine::api

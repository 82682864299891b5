// BuilderConfig: checks of arguments; what has no effect says so once.
#include "core/engine/api/config.h"

#include <algorithm>
#include <bit>
#include <limits>

#include "core/engine/api/timing_cache.h"
#include "core/engine/api/twins.h"
#include "core/engine/exec/device_memory_info.h"
#include "core/util/enumerator_name.h"

namespace torchtrt::engine::api {
namespace {

// Version 11 left out some numbers.
constexpr nv::BuilderFlags all_flags() {
  constexpr auto kNames = names_of_enumerators<nv::BuilderFlag, nv::EnumMax<nv::BuilderFlag>()>();
  nv::BuilderFlags mask = 0;
  for (size_t i = 0; i < kNames.size(); ++i) mask |= kNames[i].empty() ? 0u : 1u << i;
  return mask;
}
constexpr nv::BuilderFlags kAllFlags = all_flags();
constexpr int32_t kHighestLevel = 5;

template <class Enum>
uint32_t bit_of(Enum value) {
  const int number = static_cast<int>(value);
  TORCHTRT_REQUIRE(kInvalidArgument, number >= 0 && number < 32, "flag ", number, " does not exist");
  return 1u << number;
}

// What a pool takes; sizes of the DLA's are powers of 2. The engine allocates from none of them.
struct PoolRow {
  std::size_t least, most, standard;
  bool power_of_2;
};
constexpr std::size_t kNoLimit = std::numeric_limits<std::size_t>::max();
constexpr std::size_t kKiB = 1024, kMiB = 1024 * kKiB, kGiB = 1024 * kMiB;
constexpr PoolRow kPools[] = {
    {0, kNoLimit, kNoLimit, false},          // kWORKSPACE
    {4 * kKiB, kNoLimit, kMiB, true},        // kDLA_MANAGED_SRAM
    {4 * kKiB, kNoLimit, kGiB, true},        // kDLA_LOCAL_DRAM
    {4 * kKiB, kNoLimit, 512 * kMiB, true},  // kDLA_GLOBAL_DRAM
    {0, kNoLimit, kNoLimit, false},          // kTACTIC_DRAM
    {0, kGiB - 1, kGiB - 1, false},          // kTACTIC_SHARED_MEMORY
};
static_assert(std::ssize(kPools) == nv::EnumMax<nv::MemoryPoolType>());

// The workspace and the memory of tactics are the device's; on the CPU nothing bounds them.
std::size_t most_of(nv::MemoryPoolType pool, std::size_t otherwise) {
  if (pool != nv::MemoryPoolType::kWORKSPACE && pool != nv::MemoryPoolType::kTACTIC_DRAM) return otherwise;
  const int64_t total = device_memory_info().total;
  return total > 0 ? static_cast<std::size_t>(total) : otherwise;
}

const PoolRow& row_of(nv::MemoryPoolType pool) {
  const auto number = static_cast<size_t>(pool);
  TORCHTRT_REQUIRE(kInvalidArgument, number < std::size(kPools), "MemoryPoolType ", static_cast<int>(pool),
                   " does not exist");
  return kPools[number];
}

}  // namespace

template <class Enum>
void BuilderConfig::set_enumerator(const char* function, Enum value, Enum& option) noexcept {
  report_.attempt(function, [&] {
    const int number = static_cast<int>(value);
    TORCHTRT_REQUIRE(kInvalidArgument, number >= 0 && number < nv::EnumMax<Enum>(), "enumerator ", number,
                     " does not exist; values are 0 to ", nv::EnumMax<Enum>() - 1);
    option = value;
  });
}

void BuilderConfig::setEngineCapability(nv::EngineCapability capability) noexcept {
  set_enumerator("IBuilderConfig::setEngineCapability", capability, options_.capability);
}

void BuilderConfig::setDefaultDeviceType(nv::DeviceType device) noexcept {
  set_enumerator("IBuilderConfig::setDefaultDeviceType", device, options_.device);
}

void BuilderConfig::setHardwareCompatibilityLevel(nv::HardwareCompatibilityLevel level) noexcept {
  set_enumerator("IBuilderConfig::setHardwareCompatibilityLevel", level, options_.compatibility);
}

void BuilderConfig::setRuntimePlatform(nv::RuntimePlatform platform) noexcept {
  set_enumerator("IBuilderConfig::setRuntimePlatform", platform, options_.platform);
}

void BuilderConfig::setMaxNbTactics(int32_t count) noexcept {
  report_.attempt("IBuilderConfig::setMaxNbTactics", [&] {
    TORCHTRT_REQUIRE(kInvalidArgument, count == -1 || count >= 1, count,
                     " tactics; expected at least 1, or -1 for any");
    options_.tactics = count;
  });
}

void BuilderConfig::without_effect(const char* function) noexcept {
  if (!warned_)
    report_.warn(join(function, ": calibration and algorithm selection have no effect on the embedded engine"));
  warned_ = true;
}

void BuilderConfig::setAvgTimingIterations(int32_t iterations) noexcept {
  report_.attempt("IBuilderConfig::setAvgTimingIterations", [&] {
    TORCHTRT_REQUIRE(kInvalidArgument, iterations >= 1, iterations, " iterations, expected at least 1");
    options_.timing_iterations = iterations;
  });
}

void BuilderConfig::setFlags(nv::BuilderFlags flags) noexcept {
  report_.attempt("IBuilderConfig::setFlags", [&] {
    TORCHTRT_REQUIRE(kInvalidArgument, (flags & ~kAllFlags) == 0, "mask ", flags, " has bits of no builder flag");
    options_.flags = flags;
  });
}

void BuilderConfig::setFlag(nv::BuilderFlag flag) noexcept {
  report_.attempt("IBuilderConfig::setFlag", [&] {
    TORCHTRT_REQUIRE(kInvalidArgument, (bit_of(flag) & kAllFlags) != 0, "builder flag ", static_cast<int>(flag),
                     " does not exist");
    options_.flags |= bit_of(flag);
  });
}

void BuilderConfig::clearFlag(nv::BuilderFlag flag) noexcept {
  report_.attempt("IBuilderConfig::clearFlag", [&] { options_.flags &= ~bit_of(flag); });
}

bool BuilderConfig::getFlag(nv::BuilderFlag flag) const noexcept {
  return report_.guard("IBuilderConfig::getFlag", false, [&] { return (options_.flags & bit_of(flag)) != 0; });
}

void BuilderConfig::setDeviceType(const nv::ILayer* layer, nv::DeviceType device) noexcept {
  report_.attempt("IBuilderConfig::setDeviceType", [&] {
    TORCHTRT_REQUIRE(kInvalidArgument, layer, "the layer is null");
    const int number = static_cast<int>(device);
    TORCHTRT_REQUIRE(kInvalidArgument, number >= 0 && number < nv::EnumMax<nv::DeviceType>(), "DeviceType ", number,
                     " does not exist");
    options_.devices[layer] = device;
  });
}

nv::DeviceType BuilderConfig::getDeviceType(const nv::ILayer* layer) const noexcept {
  const auto found = options_.devices.find(layer);
  return found == options_.devices.end() ? options_.device : found->second;
}

bool BuilderConfig::isDeviceTypeSet(const nv::ILayer* layer) const noexcept {
  return options_.devices.count(layer) != 0;
}

void BuilderConfig::resetDeviceType(const nv::ILayer* layer) noexcept { options_.devices.erase(layer); }

void BuilderConfig::reset() noexcept {
  options_ = Options{};
  profiles_.clear();
}

int32_t BuilderConfig::addOptimizationProfile(const nv::IOptimizationProfile* profile) noexcept {
  return report_.guard("IBuilderConfig::addOptimizationProfile", -1, [&] {
    TORCHTRT_REQUIRE(kInvalidArgument, profile, "the profile is null");
    TORCHTRT_REQUIRE(kInvalidArgument, profile->isValid(),
                     "the profile is not valid: each of its inputs needs MIN, OPT and MAX");
    profiles_.push_back(static_cast<const OptimizationProfile*>(profile));
    return static_cast<int>(profiles_.size()) - 1;
  });
}

void BuilderConfig::setProfilingVerbosity(nv::ProfilingVerbosity verbosity) noexcept {
  report_.attempt("IBuilderConfig::setProfilingVerbosity", [&] { options_.verbosity = theirs(ours(verbosity)); });
}

#if TORCHTRT_TENSORRT_MAJOR == 10
void BuilderConfig::setInt8Calibrator(nv::IInt8Calibrator* calibrator) noexcept {
  options_.calibrator = calibrator;
  without_effect("IBuilderConfig::setInt8Calibrator");
}

void BuilderConfig::setAlgorithmSelector(nv::IAlgorithmSelector* selector) noexcept {
  options_.selector = selector;
  without_effect("IBuilderConfig::setAlgorithmSelector");
}

bool BuilderConfig::setCalibrationProfile(const nv::IOptimizationProfile* profile) noexcept {
  options_.calibration_profile = profile;
  without_effect("IBuilderConfig::setCalibrationProfile");
  return true;
}

void BuilderConfig::clearQuantizationFlag(nv::QuantizationFlag flag) noexcept {
  report_.attempt("IBuilderConfig::clearQuantizationFlag", [&] { options_.quantization &= ~bit_of(flag); });
}

void BuilderConfig::setQuantizationFlags(nv::QuantizationFlags flags) noexcept {
  report_.attempt("IBuilderConfig::setQuantizationFlags", [&] {
    TORCHTRT_REQUIRE(kInvalidArgument, (flags >> nv::EnumMax<nv::QuantizationFlag>()) == 0, "mask ", flags,
                     " has bits of no quantization flag");
    options_.quantization = flags;
    without_effect("IBuilderConfig::setQuantizationFlags");
  });
}

void BuilderConfig::setQuantizationFlag(nv::QuantizationFlag flag) noexcept {
  report_.attempt("IBuilderConfig::setQuantizationFlag",
                  [&] { setQuantizationFlags(options_.quantization | bit_of(flag)); });
}

bool BuilderConfig::getQuantizationFlag(nv::QuantizationFlag flag) const noexcept {
  return report_.guard("IBuilderConfig::getQuantizationFlag", false,
                       [&] { return (options_.quantization & bit_of(flag)) != 0; });
}
#else
bool BuilderConfig::setBuildRoute(const char* route) noexcept {
  return report_.attempt("IBuilderConfig::setBuildRoute", [&] {
    TORCHTRT_REQUIRE(kInvalidArgument, route && !*route, "the embedded engine has one route, the default \"\"; got ",
                     route ? route : "null");
  });
}
#endif

bool BuilderConfig::setTacticSources(nv::TacticSources sources) noexcept {
  return report_.attempt("IBuilderConfig::setTacticSources", [&] {
    TORCHTRT_REQUIRE(kInvalidArgument, (sources >> nv::EnumMax<nv::TacticSource>()) == 0, "mask ", sources,
                     " has bits of no tactic source");
    options_.tactic_sources = sources;
  });
}

nv::ITimingCache* BuilderConfig::createTimingCache(const void* blob, std::size_t size) const noexcept {
  return report_.guard("IBuilderConfig::createTimingCache", static_cast<nv::ITimingCache*>(nullptr), [&] {
    auto cache = std::make_unique<TimingCache>(report_);
    TORCHTRT_REQUIRE(kInvalidArgument, size == 0 || blob, "the timing cache is null, its size ", size);
    if (size > 0) cache->read(blob, size);
    return cache.release();
  });
}

bool BuilderConfig::setTimingCache(const nv::ITimingCache& cache, bool) noexcept {
  options_.cache = &cache;
  return true;
}

void BuilderConfig::setMemoryPoolLimit(nv::MemoryPoolType pool, std::size_t bytes) noexcept {
  report_.attempt("IBuilderConfig::setMemoryPoolLimit", [&] {
    const PoolRow& row = row_of(pool);
    TORCHTRT_REQUIRE(kInvalidArgument, bytes >= row.least, "pool ", static_cast<int>(pool), ": ", bytes,
                     " bytes, expected at least ", row.least);
    TORCHTRT_REQUIRE(kInvalidArgument, !row.power_of_2 || std::has_single_bit(bytes), "pool ", static_cast<int>(pool),
                     ": ", bytes, " bytes, expected a power of 2");
    const std::size_t most = most_of(pool, row.most);
    TORCHTRT_REQUIRE(kUnsupported, bytes <= most, "pool ", static_cast<int>(pool), ": ", bytes,
                     " bytes, expected at most ", most);
    options_.pools[pool] = bytes;
  });
}

std::size_t BuilderConfig::getMemoryPoolLimit(nv::MemoryPoolType pool) const noexcept {
  return report_.guard("IBuilderConfig::getMemoryPoolLimit", std::size_t{0}, [&] {
    const auto found = options_.pools.find(pool);
    return found != options_.pools.end() ? found->second : most_of(pool, row_of(pool).standard);
  });
}

void BuilderConfig::setPreviewFeature(nv::PreviewFeature feature, bool enable) noexcept {
  report_.attempt("IBuilderConfig::setPreviewFeature", [&] {
    TORCHTRT_REQUIRE(kInvalidArgument, static_cast<int>(feature) < nv::EnumMax<nv::PreviewFeature>(), "PreviewFeature ",
                     static_cast<int>(feature), " does not exist");
    if ((kAlwaysOnPreviews & bit_of(feature)) != 0) return;
    options_.preview = enable ? options_.preview | bit_of(feature) : options_.preview & ~bit_of(feature);
  });
}

bool BuilderConfig::getPreviewFeature(nv::PreviewFeature feature) const noexcept {
  return report_.guard("IBuilderConfig::getPreviewFeature", false,
                       [&] { return (options_.preview & bit_of(feature)) != 0; });
}

void BuilderConfig::setBuilderOptimizationLevel(int32_t level) noexcept {
  report_.attempt("IBuilderConfig::setBuilderOptimizationLevel", [&] {
    TORCHTRT_REQUIRE(kInvalidArgument, level >= 0, "optimization level ", level, ", expected 0 to ", kHighestLevel);
    options_.level = std::min(level, kHighestLevel);
  });
}

void BuilderConfig::setPluginsToSerialize(const char* const* paths, int32_t count) noexcept {
  report_.attempt("IBuilderConfig::setPluginsToSerialize", [&] {
    TORCHTRT_REQUIRE(kInvalidArgument, count >= 0 && (count == 0 || paths), count, " paths at a null pointer");
    TORCHTRT_REQUIRE(kInvalidArgument, std::find(paths, paths + count, nullptr) == paths + count,
                     "one of the paths is null");
    options_.plugins.assign(paths, paths + count);
  });
}

std::vector<std::string> BuilderConfig::carried() const {
  if (options_.plugins.empty() || getFlag(nv::BuilderFlag::kVERSION_COMPATIBLE)) return options_.plugins;
  report_.warn("IBuilderConfig::setPluginsToSerialize has no effect without builder flag kVERSION_COMPATIBLE");
  return {};
}

const char* BuilderConfig::getPluginToSerialize(int32_t index) const noexcept {
  const bool inside = index >= 0 && index < getNbPluginsToSerialize();
  return inside ? options_.plugins[static_cast<size_t>(index)].c_str() : nullptr;
}

bool BuilderConfig::set_aux_streams(int32_t count) noexcept {
  return report_.attempt("IBuilderConfig::setMaxAuxStreams", [&] {
    TORCHTRT_REQUIRE(kInvalidArgument, count >= 0, count, " auxiliary streams");
    options_.aux_streams = count;
  });
}

bool BuilderConfig::setTilingOptimizationLevel(nv::TilingOptimizationLevel level) noexcept {
  return report_.attempt("IBuilderConfig::setTilingOptimizationLevel", [&] {
    const int number = static_cast<int>(level);
    TORCHTRT_REQUIRE(kInvalidArgument, number >= 0 && number < nv::EnumMax<nv::TilingOptimizationLevel>(),
                     "TilingOptimizationLevel ", number, " does not exist");
    options_.tiling = level;
  });
}

bool BuilderConfig::setL2LimitForTiling(int64_t bytes) noexcept {
  return report_.attempt("IBuilderConfig::setL2LimitForTiling", [&] {
    TORCHTRT_REQUIRE(kInvalidArgument, bytes >= 0, bytes, " bytes");
    options_.l2_limit = bytes;
  });
}

bool BuilderConfig::setRemoteAutoTuningConfig(const char*) noexcept {
  report_.error("IBuilderConfig::setRemoteAutoTuningConfig", nv::ErrorCode::kUNSUPPORTED_STATE,
                "remote tuning is for safety engines");
  return false;
}

}  // namespace torchtrt::engine::api

// CudaEngine: objects made from an engine, serialization.
#include "core/engine/api/engine.h"

#include <algorithm>

#include "core/engine/api/execution_context.h"
#include "core/engine/api/host_memory.h"
#include "core/engine/api/inspector.h"
#include "core/engine/api/refitter.h"
#include "core/engine/api/small_configs.h"
#include "core/engine/api/twins.h"
#include "core/engine/file/plan_file.h"
#include "core/engine/plan/memory.h"
#include "core/engine/plan/refit.h"
#include "core/engine/plan/weights.h"

namespace torchtrt::engine::api {

nv::IHostMemory* CudaEngine::serialize() const noexcept {
  return report_.guard("ICudaEngine::serialize", static_cast<nv::IHostMemory*>(nullptr), [&] {
    const auto now = plan();
    return new HostMemory(write_plan(*now, !(now->source && now->source->stripped), libraries_));
  });
}

std::shared_ptr<const Plan> CudaEngine::plan() const {
  auto loaded = current_->get();
  const Plan* plan = &loaded->plan();
  return std::shared_ptr<const Plan>(std::move(loaded), plan);
}

void CudaEngine::exchange(std::shared_ptr<const Plan> plan, std::optional<void*> stream) {
  const auto former = current_->get();
  const auto next = load_refitted(std::move(plan), *former, streaming_budget_, /*wait=*/!stream);
  if (stream) await(*next, *stream);
  current_->set(next);
  const std::scoped_lock lock(caches_);
  block_bytes_.clear();
}

const char* CudaEngine::keep(const std::string& text) const {
  const std::scoped_lock lock(caches_);
  return kept_.insert(text).first->c_str();
}

nv::ISerializationConfig* CudaEngine::createSerializationConfig() noexcept {
  return report_.guard("ICudaEngine::createSerializationConfig", static_cast<nv::ISerializationConfig*>(nullptr),
                       [&] { return new SerializationConfig(report_); });
}

nv::IHostMemory* CudaEngine::serializeWithConfig(nv::ISerializationConfig& config) const noexcept {
  return report_.guard("ICudaEngine::serializeWithConfig", static_cast<nv::IHostMemory*>(nullptr), [&] {
    if (config.getFlag(nv::SerializationFlag::kEXCLUDE_WEIGHTS))
      return new HostMemory(write_plan(*strip(*plan()), true, libraries_));
    const auto now = plan();
    // An engine that was given the weights it lacked stays refittable on demand only (engine.md 8).
    const bool keep_source =
        config.getFlag(nv::SerializationFlag::kINCLUDE_REFIT) || !(now->source && now->source->stripped);
    return new HostMemory(write_plan(*now, keep_source, libraries_));
  });
}

nv::IExecutionContext* CudaEngine::createExecutionContext(nv::ExecutionContextAllocationStrategy strategy) noexcept {
  return report_.guard("ICudaEngine::createExecutionContext", static_cast<nv::IExecutionContext*>(nullptr),
                       [&] { return new ExecutionContext(*this, strategy); });
}

nv::IExecutionContext* CudaEngine::createExecutionContextWithoutDeviceMemory() noexcept {
  return createExecutionContext(nv::ExecutionContextAllocationStrategy::kUSER_MANAGED);
}

nv::IExecutionContext* CudaEngine::createExecutionContextWithRuntimeConfig(nv::IRuntimeConfig* config) noexcept {
  return createExecutionContext(config ? config->getExecutionContextAllocationStrategy()
                                       : nv::ExecutionContextAllocationStrategy::kSTATIC);
}

nv::IRuntimeConfig* CudaEngine::createRuntimeConfig() noexcept {
  return report_.guard("ICudaEngine::createRuntimeConfig", static_cast<nv::IRuntimeConfig*>(nullptr),
                       [&] { return new RuntimeConfig(report_); });
}

nv::IRefitter* CudaEngine::createRefitter(nv::ILogger& logger) noexcept { return make_refitter(*this, &logger); }

nv::HardwareCompatibilityLevel CudaEngine::getHardwareCompatibilityLevel() const noexcept {
  return static_cast<nv::HardwareCompatibilityLevel>(about_.compatibility);
}

int64_t CudaEngine::getDeviceMemorySizeForProfileV2(int32_t profile) const noexcept {
  return report_.guard("ICudaEngine::getDeviceMemorySizeForProfileV2", int64_t{0}, [&] {
    TORCHTRT_REQUIRE(kInvalidArgument, profile >= 0 && profile < getNbOptimizationProfiles(), "profile ", profile,
                     "; the engine has ", getNbOptimizationProfiles());
    const std::scoped_lock lock(caches_);
    const auto [found, fresh] = block_bytes_.try_emplace(profile, 0);
    if (fresh) found->second = block_bytes(*plan(), profile) + getWeightStreamingScratchMemorySize();
    return found->second;
  });
}

int64_t CudaEngine::getDeviceMemorySizeV2() const noexcept {
  int64_t most = 0;
  for (int32_t i = 0; i < getNbOptimizationProfiles(); ++i) most = std::max(most, getDeviceMemorySizeForProfileV2(i));
  return most;
}

nv::ProfilingVerbosity CudaEngine::getProfilingVerbosity() const noexcept { return theirs(about_.verbosity); }

nv::IEngineInspector* CudaEngine::createEngineInspector() const noexcept {
  return report_.guard("ICudaEngine::createEngineInspector", static_cast<nv::IEngineInspector*>(nullptr),
                       [&] { return new EngineInspector(*this); });
}

int64_t CudaEngine::getEngineStat(nv::EngineStat stat) const noexcept {
  return report_.guard("ICudaEngine::getEngineStat", int64_t{-1}, [&] {
    const int number = static_cast<int>(stat);
    TORCHTRT_REQUIRE(kInvalidArgument, number >= 0 && number < nv::EnumMax<nv::EngineStat>(), "EngineStat ", number,
                     " does not exist");
    const auto now = plan();
    const Graph& graph = now->source ? now->source->graph : now->graph;
    if (stat == nv::EngineStat::kTOTAL_WEIGHTS_SIZE) return weights_bytes(graph);
    return now->source && now->source->stripped ? stripped_bytes(*now->source) : int64_t{-1};
  });
}

}  // namespace torchtrt::engine::api

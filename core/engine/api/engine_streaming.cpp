// CudaEngine: budgets of weight streaming.
//   c1  the engine was built with builder flag kWEIGHT_STREAMING
//   c2  no execution contexts exist when a budget is set
//   c3  a budget is not negative; that of version 1 may be -1, which is automatic
#include <algorithm>

#include "core/engine/api/engine.h"
#include "core/engine/exec/device_memory_info.h"
#include "core/engine/plan/streaming.h"

namespace torchtrt::engine::api {
namespace {

constexpr int64_t kSpare = 32;  // one part in so many of the device's memory is left to others

}  // namespace

int64_t CudaEngine::getStreamableWeightsSize() const noexcept {
  return report_.guard("ICudaEngine::getStreamableWeightsSize", int64_t{0},
                       [&] { return about_.weight_streaming ? streamable_bytes(*plan()) : 0; });
}

void CudaEngine::stream(int64_t budget) {
  TORCHTRT_REQUIRE(kInvalidState, about_.weight_streaming,
                   "the engine was built without builder flag kWEIGHT_STREAMING");  // c1
  TORCHTRT_REQUIRE(kInvalidState, tenants_.use_count() == 1, tenants_.use_count() - 1,
                   " execution contexts of the engine exist; set the budget before they are created");  // c2
  const std::scoped_lock no_refit(refits_);
  const int64_t all = getStreamableWeightsSize();
  streaming_budget_ = budget >= all ? -1 : budget;
  current_->set(load_within(*current_->get(), streaming_budget_));
  const std::scoped_lock lock(caches_);
  block_bytes_.clear();
}

// -1: automatic, 0: no streaming, else a limit.
bool CudaEngine::setWeightStreamingBudget(int64_t bytes) noexcept {
  return report_.attempt("ICudaEngine::setWeightStreamingBudget", [&] {
    TORCHTRT_REQUIRE(kInvalidArgument, bytes >= -1, "a budget of ", bytes, " bytes");  // c3
    const int64_t all = getStreamableWeightsSize();
    stream(bytes == -1 ? getWeightStreamingAutomaticBudget() : bytes == 0 ? all : bytes);
    streaming_budget_v1_ = bytes;
  });
}

bool CudaEngine::setWeightStreamingBudgetV2(int64_t bytes) noexcept {
  return report_.attempt("ICudaEngine::setWeightStreamingBudgetV2", [&] {
    TORCHTRT_REQUIRE(kInvalidArgument, bytes >= 0, "a budget of ", bytes, " bytes");  // c3
    stream(bytes);
  });
}

int64_t CudaEngine::getWeightStreamingBudgetV2() const noexcept {
  return streaming_budget_ < 0 ? getStreamableWeightsSize() : streaming_budget_;
}

// As much as fits: what is free now and what the weights have already, less what a context takes and a part for
// others.
int64_t CudaEngine::getWeightStreamingAutomaticBudget() const noexcept {
  return report_.guard("ICudaEngine::getWeightStreamingAutomaticBudget", int64_t{0}, [&] {
    const int64_t all = getStreamableWeightsSize();
    const DeviceMemoryInfo memory = device_memory_info(device());
    if (memory.total == 0) return all;  // the CPU
    const int64_t context = getDeviceMemorySizeV2() - getWeightStreamingScratchMemorySize();
    const int64_t room = memory.free + device_bytes(*current_->get()) - memory.total / kSpare - context;
    if (all <= room) return all;
    return std::max<int64_t>(0, room - stream_weights(*plan(), std::max<int64_t>(0, room)).scratch);
  });
}

int64_t CudaEngine::getWeightStreamingScratchMemorySize() const noexcept {
  return report_.guard("ICudaEngine::getWeightStreamingScratchMemorySize", int64_t{0},
                       [&] { return stream_weights(*plan(), streaming_budget_).scratch; });
}

}  // namespace torchtrt::engine::api

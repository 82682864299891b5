// ExecutionContext: memory of intermediate tensors, by the strategy that it was created with.
//   c1  setDeviceMemory is for contexts of strategy kUSER_MANAGED
//   c2  the memory's size is not negative; null goes with no bytes
//   c3  the memory is aligned for every type
//   c4  a run of strategy kUSER_MANAGED needs the bytes of its shapes, or of its profile's greatest
#include <algorithm>

#include "core/engine/api/execution_context.h"
#include "core/engine/plan/memory.h"

namespace torchtrt::engine::api {
namespace {

using Strategy = nv::ExecutionContextAllocationStrategy;
constexpr uintptr_t kLargestElement = 16;

}  // namespace

// Without an application's allocator on a device, intermediate tensors come from the framework's, whose memory is there
// when it is needed: strategies then differ in nothing that could be seen.
void ExecutionContext::allocate_memory() {
  nv::IGpuAllocator* allocator = engine_.gpu_allocator();
  if (strategy_ == Strategy::kUSER_MANAGED || !allocator || !runs_on_cuda()) return;
  const int64_t bytes = strategy_ == Strategy::kSTATIC ? engine_.getDeviceMemorySizeV2()
                                                       : engine_.getDeviceMemorySizeForProfileV2(context_->profile());
  context_->set_block(nullptr, 0);
  own_memory_.allocate(*allocator, bytes);
  context_->set_block(own_memory_.address(), own_memory_.bytes());
}

void ExecutionContext::setDeviceMemory(void* memory) noexcept {
  setDeviceMemoryV2(memory, memory ? engine_.getDeviceMemorySizeV2() : 0);
}

void ExecutionContext::setDeviceMemoryV2(void* memory, int64_t bytes) noexcept {
  report_.attempt("IExecutionContext::setDeviceMemoryV2", [&] {
    TORCHTRT_REQUIRE(kInvalidState, strategy_ == Strategy::kUSER_MANAGED,
                     "the context manages its memory itself; create it with strategy kUSER_MANAGED");       // c1
    TORCHTRT_REQUIRE(kInvalidArgument, bytes >= 0 && (memory || bytes == 0), bytes, " bytes at ", memory);  // c2
    TORCHTRT_REQUIRE(kInvalidArgument, reinterpret_cast<uintptr_t>(memory) % kLargestElement == 0, "address ", memory,
                     " is not aligned; device memory is aligned to ", kBlockAlignment, " bytes");  // c3
    context_->set_block(memory, bytes);
    given_bytes_ = bytes;
  });
}

std::size_t ExecutionContext::updateDeviceMemorySizeForShapes() noexcept {
  return report_.guard("IExecutionContext::updateDeviceMemorySizeForShapes", std::size_t{0},
                       [&] { return static_cast<std::size_t>(context_->block_bytes()); });
}

// c4
void ExecutionContext::require_memory() {
  if (strategy_ != Strategy::kUSER_MANAGED) return;
  const int64_t most = engine_.getDeviceMemorySizeForProfileV2(context_->profile());
  if (given_bytes_ >= most) return;
  const int64_t needed = std::min(most, context_->block_bytes());
  TORCHTRT_REQUIRE(kInvalidState, given_bytes_ >= needed, "the context has ", given_bytes_, " bytes of device memory, ",
                   needed, " are needed for its shapes; set them with setDeviceMemoryV2");
}

}  // namespace torchtrt::engine::api

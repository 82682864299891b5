// DeviceMemory: on the default stream, for any run to come.
#include "core/engine/api/device_memory.h"

#include <new>

#include "core/engine/plan/memory.h"

namespace torchtrt::engine::api {

void DeviceMemory::allocate(nvinfer1::IGpuAllocator& allocator, int64_t bytes) {
  release();
  if (bytes == 0) return;
  address_ = allocator.allocateAsync(static_cast<uint64_t>(bytes), kBlockAlignment, 0, nullptr);
  if (!address_) throw std::bad_alloc();
  allocator_ = &allocator;
  bytes_ = bytes;
}

void DeviceMemory::release() noexcept {
  if (address_) allocator_->deallocateAsync(address_, nullptr);
  address_ = nullptr;
  bytes_ = 0;
}

}  // namespace torchtrt::engine::api

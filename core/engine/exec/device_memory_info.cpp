// The memory of the device, as torch's allocator tells it.
#include "core/engine/exec/device_memory_info.h"

#include <ATen/Context.h>
#include <c10/core/CachingDeviceAllocator.h>

#include "core/engine/exec/device.h"

namespace torchtrt::engine {
namespace {

// torch before 2.10 does not tell.
template <class Allocator>
DeviceMemoryInfo ask(Allocator& allocator, c10::DeviceIndex index) {
  DeviceMemoryInfo result;
  if constexpr (requires { allocator.getMemoryInfo(index); }) {
    const auto [free, total] = allocator.getMemoryInfo(index);
    result = {static_cast<int64_t>(free), static_cast<int64_t>(total)};
    if (!allocator.initialized()) return result;
    const auto stats = allocator.getDeviceStats(index);
    const auto all = static_cast<size_t>(c10::CachingAllocator::StatType::AGGREGATE);
    result.free += stats.reserved_bytes[all].current - stats.allocated_bytes[all].current;
  }
  return result;
}

}  // namespace

DeviceMemoryInfo device_memory_info() {
  const c10::Device device = engine_device();
  return device_memory_info(device.is_cuda() ? device.index() : -1);
}

DeviceMemoryInfo device_memory_info(int device) {
  if (device < 0) return {};
  at::globalContext().lazyInitDevice(c10::DeviceType::CUDA);
  auto* allocator = dynamic_cast<c10::DeviceAllocator*>(c10::GetAllocator(c10::DeviceType::CUDA));
  return allocator ? ask(*allocator, static_cast<c10::DeviceIndex>(device)) : DeviceMemoryInfo{};
}

}  // namespace torchtrt::engine

// DeviceMemory: one block of an application's allocator.
#pragma once

#include <NvInferRuntime.h>

#include <cstdint>

namespace torchtrt::engine::api {

class DeviceMemory {
 public:
  DeviceMemory() = default;
  DeviceMemory(const DeviceMemory&) = delete;
  DeviceMemory& operator=(const DeviceMemory&) = delete;
  ~DeviceMemory() { release(); }

  // Instead of what it had. Zero bytes: none. Throws std::bad_alloc where the allocator answers null.
  void allocate(nvinfer1::IGpuAllocator& allocator, int64_t bytes);
  void release() noexcept;
  void* address() const { return address_; }
  int64_t bytes() const { return bytes_; }

 private:
  nvinfer1::IGpuAllocator* allocator_ = nullptr;
  void* address_ = nullptr;
  int64_t bytes_ = 0;
};

}  // namespace torchtrt::engine::api

// The memory of the engine's device, in bytes.
#pragma once

#include <cstdint>

namespace torchtrt::engine {

struct DeviceMemoryInfo {
  int64_t free = 0;  // what torch's allocator keeps in reserve included
  int64_t total = 0;
};

// Of the present CUDA device of the thread. Zeros on the CPU, and where torch does not tell.
DeviceMemoryInfo device_memory_info();
// Of that device; -1: the CPU.
DeviceMemoryInfo device_memory_info(int device);

}  // namespace torchtrt::engine

// Device: what an engine is built for and runs on.
#pragma once

#include <cstdint>
#include <ostream>

namespace torchtrt::ir {

// The numbers are those of the serialised device string ("id%major%minor%type%name").
enum class DeviceType : int8_t { kUnknown = -1, kGpu = 0, kDla = 1, kCpu = 2 };

struct Device {
  DeviceType type = DeviceType::kGpu;
  int64_t gpu_id = 0;
  int64_t dla_core = -1;
  bool allow_gpu_fallback = false;

  bool operator==(const Device&) const = default;
};

// "gpu:0", "dla:1", "cpu", "unknown".
std::ostream& operator<<(std::ostream& out, const Device& device);

}  // namespace torchtrt::ir

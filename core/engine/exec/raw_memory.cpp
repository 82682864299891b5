// Raw memory, from the allocator that torch's tensors on the device use.
#include "core/engine/exec/raw_memory.h"

#include <c10/core/Allocator.h>

#include <exception>

#include "core/engine/exec/device.h"

namespace torchtrt::engine {

void* allocate_raw(int64_t bytes) noexcept {
  if (bytes <= 0) return nullptr;
  try {
    return c10::GetAllocator(engine_device().type())->raw_allocate(static_cast<size_t>(bytes));
  } catch (const std::exception&) {
    return nullptr;
  }
}

bool free_raw(void* memory) noexcept {
  try {
    if (memory) c10::GetAllocator(engine_device().type())->raw_deallocate(memory);
    return true;
  } catch (const std::exception&) {
    return false;
  }
}

}  // namespace torchtrt::engine

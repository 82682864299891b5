// Memory of the engine's device by address, for code that knows no tensors.
#pragma once

#include <cstdint>

namespace torchtrt::engine {

// Aligned for any type; null where there is no memory, and for zero bytes.
void* allocate_raw(int64_t bytes) noexcept;
// Memory of allocate_raw, or null. False where it could not be freed.
bool free_raw(void* memory) noexcept;

}  // namespace torchtrt::engine

// The allocator before PyTorch's own for the CPU, see Note [Arena].
#pragma once

#include <c10/core/Allocator.h>

namespace torchtrt::engine {

// Puts it there, once in a process.
void install_arena_allocator();
// The one that was there before.
c10::Allocator& former_allocator();
// Frees a block of either.
void free_block(void* block);

}  // namespace torchtrt::engine

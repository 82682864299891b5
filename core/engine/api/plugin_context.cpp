// PluginContext: allocators.
#include "core/engine/api/plugin_context.h"

#include "core/engine/exec/raw_memory.h"

namespace torchtrt::engine::api {

void* FrameworkAllocator::allocate(uint64_t size, uint64_t, nv::AllocatorFlags) noexcept {
  return allocate_raw(static_cast<int64_t>(size));
}

bool FrameworkAllocator::deallocate(void* memory) noexcept { return free_raw(memory); }

nv::IGpuAllocator* PluginContext::getGpuAllocator() const noexcept {
  nv::IGpuAllocator* given = owner_ ? owner_->getTemporaryStorageAllocator() : nullptr;
  return given ? given : &allocator_;
}

}  // namespace torchtrt::engine::api

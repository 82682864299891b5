// The arena's allocator: what no run asks for goes to the former one untouched.
#include "core/engine/exec/arena_allocator.h"

#include <c10/core/CPUAllocator.h>
#include <dlfcn.h>

#include <mutex>

#include "core/engine/exec/arena.h"

namespace torchtrt::engine {
namespace {

class ArenaAllocator final : public c10::Allocator {
 public:
  explicit ArenaAllocator(c10::Allocator* former) : former_(former) {}

  c10::Allocator& former() const { return *former_; }
  c10::DataPtr allocate(size_t bytes) override {
    ArenaRun* run = ArenaRun::current();
    return run ? run->allocate(bytes, *former_) : former_->allocate(bytes);
  }
  void copy_data(void* to, const void* from, size_t bytes) const override { former_->copy_data(to, from, bytes); }
  // Blocks that somebody frees by address may be older than this.
  c10::DeleterFnPtr raw_deleter() const override { return former_->raw_deleter() ? &free_block : nullptr; }
  bool is_simple_data_ptr(const c10::DataPtr& data) const override {
    return data.get_deleter() == &free_block || former_->is_simple_data_ptr(data);
  }

 private:
  c10::Allocator* former_;
};

ArenaAllocator* installed = nullptr;

// PyTorch keeps the allocator's address for good.
void stay_loaded() {
  Dl_info own;
  if (dladdr(reinterpret_cast<const void*>(&stay_loaded), &own) != 0 && own.dli_fname)
    dlopen(own.dli_fname, RTLD_LAZY | RTLD_NOLOAD | RTLD_NODELETE);
}

void install() {
  stay_loaded();
  installed = new ArenaAllocator(c10::GetCPUAllocator());
  for (int priority = 0; priority < 256 && c10::GetCPUAllocator() != installed; ++priority)
    c10::SetCPUAllocator(installed, static_cast<uint8_t>(priority));
}

}  // namespace

void install_arena_allocator() {
  static std::once_flag once;
  std::call_once(once, install);
}

c10::Allocator& former_allocator() { return installed->former(); }

void free_block(void* block) {
  ArenaRun* run = ArenaRun::current();
  if (run && run->release(block)) return;
  if (!ArenaMemory::give_back_anywhere(block)) former_allocator().raw_deleter()(block);
}

}  // namespace torchtrt::engine

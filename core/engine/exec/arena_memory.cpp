// ArenaMemory: taking parts and giving them back; and finding the memory that an address belongs to.
#include "core/engine/exec/arena_memory.h"

#include <c10/core/CPUAllocator.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <shared_mutex>

namespace torchtrt::engine {
namespace {

// All there is. Addresses outside [lowest, highest) are told apart without a lock: every block that PyTorch frees by
// its address alone is asked for.
class Everything {
 public:
  void add(const char* begin, int64_t bytes, ArenaMemory* memory) {
    const std::unique_lock lock(mutex_);
    by_begin_[begin] = memory;
    if (begin < lowest_.load()) lowest_ = begin;
    if (begin + bytes > highest_.load()) highest_ = begin + bytes;
  }
  void remove(const char* begin) {
    const std::unique_lock lock(mutex_);
    by_begin_.erase(begin);
  }
  ArenaMemory* find(const void* address) const {
    const auto* at = static_cast<const char*>(address);
    if (at < lowest_.load(std::memory_order_relaxed) || at >= highest_.load(std::memory_order_relaxed)) return nullptr;
    const std::shared_lock lock(mutex_);
    const auto behind = by_begin_.upper_bound(at);
    if (behind == by_begin_.begin()) return nullptr;
    ArenaMemory* memory = std::prev(behind)->second;
    return memory->holds(address) ? memory : nullptr;
  }

 private:
  mutable std::shared_mutex mutex_;
  std::map<const char*, ArenaMemory*> by_begin_;
  std::atomic<const char*> lowest_{reinterpret_cast<const char*>(UINTPTR_MAX)}, highest_{nullptr};
};

// Never destroyed: blocks may be freed while the process ends.
Everything& everything() {
  static auto& all = *new Everything;
  return all;
}

}  // namespace

std::shared_ptr<ArenaMemory> ArenaMemory::make(c10::Allocator& from, int64_t bytes) {
  return std::shared_ptr<ArenaMemory>(new ArenaMemory(from.allocate(static_cast<size_t>(bytes)), bytes));
}

ArenaMemory::ArenaMemory(c10::DataPtr memory, int64_t bytes)
    : memory_(std::move(memory)), begin_(static_cast<char*>(memory_.get())), bytes_(bytes) {
  everything().add(begin_, bytes_, this);
}

ArenaMemory::~ArenaMemory() { everything().remove(begin_); }

void* ArenaMemory::take(int64_t at, int64_t bytes) {
  if (at + bytes > bytes_) return nullptr;
  const Used fresh{begin_ + at, begin_ + at + bytes};
  {
    const std::lock_guard lock(mutex_);
    for (const Used& used : used_)
      if (used.begin < fresh.end && fresh.begin < used.end) return nullptr;
    used_.push_back(fresh);
    if (!self_) self_ = shared_from_this();
  }
  c10::profiledCPUMemoryReporter().New(fresh.begin, static_cast<size_t>(bytes));
  return fresh.begin;
}

void ArenaMemory::give_back(void* block) {
  c10::profiledCPUMemoryReporter().Delete(block);
  std::shared_ptr<ArenaMemory> last;  // may end this, behind the lock
  const std::lock_guard lock(mutex_);
  const auto found = std::find_if(used_.rbegin(), used_.rend(), [&](const Used& used) { return used.begin == block; });
  if (found == used_.rend()) return;
  *found = used_.back();
  used_.pop_back();
  if (used_.empty()) last = std::move(self_);
}

bool ArenaMemory::give_back_anywhere(void* block) {
  ArenaMemory* memory = everything().find(block);  // stays: the block is in use
  if (memory) memory->give_back(block);
  return memory != nullptr;
}

}  // namespace torchtrt::engine

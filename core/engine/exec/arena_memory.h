// ArenaMemory: one piece of memory, and which parts of it are in use.
#pragma once

#include <c10/core/Allocator.h>

#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

namespace torchtrt::engine {

// Any thread may call anything. Blocks in use keep the memory, whoever else has let go of it.
class ArenaMemory : public std::enable_shared_from_this<ArenaMemory> {
 public:
  static std::shared_ptr<ArenaMemory> make(c10::Allocator& from, int64_t bytes);
  ~ArenaMemory();
  ArenaMemory(const ArenaMemory&) = delete;
  ArenaMemory& operator=(const ArenaMemory&) = delete;

  int64_t bytes() const { return bytes_; }
  bool holds(const void* address) const { return begin_ <= address && address < begin_ + bytes_; }
  // Null where it does not fit, or a part of it is in use. Told to PyTorch's profiler like any other memory.
  void* take(int64_t at, int64_t bytes);
  void give_back(void* block);
  // False: no memory of this kind holds the block.
  static bool give_back_anywhere(void* block);

 private:
  struct Used {
    char *begin, *end;
  };
  ArenaMemory(c10::DataPtr memory, int64_t bytes);

  c10::DataPtr memory_;
  char* begin_;
  int64_t bytes_;
  std::mutex mutex_;
  std::vector<Used> used_;
  std::shared_ptr<ArenaMemory> self_;  // while something is in use
};

}  // namespace torchtrt::engine

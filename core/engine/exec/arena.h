// Arena: memory that runs of one context allocate from, at the places that a run before has told.
//
// Note [Arena]: on the CPU, what kernels ask PyTorch's allocator for is the same in every run of a program: results,
// operators' scratch, conversions. So a run notes the sizes and lives of its blocks; they are given places in one piece
// of memory that the context keeps, and later runs allocate nothing.
//  - Our allocator stands before the one that PyTorch had, from the first context on. It passes everything on that is
//    not asked for by a thread inside a run (ArenaRun).
//  - Blocks are known by their order, from one step to the next. One that was not expected, or whose place is still in
//    use, comes from the former allocator, and behind that run there is a new plan, for what either run asked for. A
//    plan is a guess that is checked, so a wrong one costs time only.
//  - What outlives the run that asks for it (caches, packed weights) gets no place. Nor does what others keep, which
//    pause the arena: packed_weights, output allocators, debug listeners.
//  - A block that is alive keeps its memory, without the context too, and may be freed by any thread.
#pragma once

#include <c10/core/Allocator.h>

#include <vector>

#include "core/engine/exec/arena_memory.h"

namespace torchtrt::engine {

// The places of one program's blocks.
struct ArenaPlan {
  static constexpr int64_t kNowhere = -1;
  struct Block {
    int64_t bytes = 0;
    int last = -1;             // the latest block that is asked for while this one is there; -1: it outlives the run
    int64_t place = kNowhere;  // of those that do not
  };
  std::vector<Block> blocks;  // in the order in which they are asked for
  std::vector<size_t> steps;  // by step: its first block
  int made = 0;               // times
};

class Arena {
 public:
  // `on`: whether to be of any use; see uses_arenas.
  explicit Arena(bool on);

 private:
  friend class ArenaRun;
  struct Open {
    void* block = nullptr;
    size_t note = 0;
  };
  void plan(ArenaPlan& plan);
  ArenaPlan merged(const ArenaPlan& former) const;

  bool on_;
  std::shared_ptr<ArenaMemory> memory_;
  // Of the present run.
  ArenaPlan notes_;  // without places
  std::vector<Open> open_;
};

// TORCHTRT_EMBEDDED_ARENA=0 turns arenas off. There are none on other devices than the CPU.
bool uses_arenas(c10::Device device);

// While it lives, blocks that this thread asks for come from the arena.
class ArenaRun {
 public:
  ArenaRun(Arena& arena, ArenaPlan& plan);
  ~ArenaRun();
  ArenaRun(const ArenaRun&) = delete;
  ArenaRun& operator=(const ArenaRun&) = delete;

  // What follows belongs to this step; steps ascend.
  void start_step(size_t step);
  // The run has ended well, and whatever it computed is freed.
  void finish();

  // Meanwhile this thread's blocks come from the former allocator.
  class Pause {
   public:
    Pause();
    ~Pause();
    Pause(const Pause&) = delete;
    Pause& operator=(const Pause&) = delete;

   private:
    ArenaRun* run_;
  };

  // For the allocator. The run of this thread, or null.
  static ArenaRun* current();
  c10::DataPtr allocate(size_t bytes, c10::Allocator& former);
  // False: the block is not from the arena.
  bool release(void* block);

 private:
  void* take(int64_t bytes);
  size_t find(int64_t bytes, size_t end) const;

  Arena& arena_;
  ArenaPlan& plan_;
  ArenaRun* outer_;
  size_t next_ = 0, end_ = 0;  // blocks of the plan that this step may ask for
  bool missed_ = false;        // a block that the plan has no place for
};

}  // namespace torchtrt::engine

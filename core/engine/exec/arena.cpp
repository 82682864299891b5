// Arena: noting blocks, planning their places, and finding a block's place again.
#include "core/engine/exec/arena.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "core/engine/exec/arena_allocator.h"
#include "core/engine/exec/switches.h"
#include "core/engine/plan/places.h"

namespace torchtrt::engine {
namespace {

constexpr int64_t kAlignment = 64;        // PyTorch's own on the CPU
constexpr size_t kMostBlocks = 1 << 16;   // of a run; the rest are left to the former allocator
constexpr size_t kWindow = 16;            // blocks of the plan that may be missing in a run, one behind the other
constexpr int kMostPlans = 8;             // of a program: one that is never the same is left alone then

thread_local ArenaRun* current_run = nullptr;

}  // namespace

bool uses_arenas(c10::Device device) { return device.is_cpu() && is_switched_on("TORCHTRT_EMBEDDED_ARENA"); }

Arena::Arena(bool on) : on_(on) {
  if (on) install_arena_allocator();
}

// Lengths that depend on data change from run to run: where the run is alike otherwise, the greatest count.
void Arena::plan(ArenaPlan& plan) {
  const bool alike = plan.blocks.size() == notes_.size() && plan.steps == steps_;
  std::vector<Life> lives;
  std::vector<size_t> owners;
  for (size_t i = 0; i < notes_.size(); ++i) {
    Note& note = notes_[i];
    if (alike) note.bytes = std::max(note.bytes, plan.blocks[i].bytes);
    if (note.last < 0) continue;
    lives.push_back({note.bytes, static_cast<int>(i), note.last});
    owners.push_back(i);
  }
  const Places places = place(lives, kAlignment);
  if (!memory_ || memory_->bytes() < places.bytes) {
    memory_ = nullptr;  // before there is more: the two need not be there at once
    if (places.bytes > 0) memory_ = ArenaMemory::make(former_allocator(), places.bytes);
  }
  plan.blocks.clear();
  for (const Note& note : notes_) plan.blocks.push_back({note.bytes, ArenaPlan::kNowhere});
  for (size_t i = 0; i < owners.size(); ++i) plan.blocks[owners[i]].place = places.begins[i];
  plan.steps = steps_;
}

ArenaRun::ArenaRun(Arena& arena, ArenaPlan& plan) : arena_(arena), plan_(plan), outer_(current_run) {
  arena_.notes_.clear();
  arena_.steps_.clear();
  arena_.open_.clear();
  current_run = arena_.on_ ? this : nullptr;
}

ArenaRun::~ArenaRun() { current_run = outer_; }

ArenaRun* ArenaRun::current() { return current_run; }

ArenaRun::Pause::Pause() : run_(std::exchange(current_run, nullptr)) {}
ArenaRun::Pause::~Pause() { current_run = run_; }

void ArenaRun::start_step(size_t step) {
  const auto first_of = [&](size_t i) { return i < plan_.steps.size() ? plan_.steps[i] : plan_.blocks.size(); };
  next_ = first_of(step);
  end_ = first_of(step + 1);
  arena_.steps_.resize(step + 1, arena_.notes_.size());
}

void ArenaRun::finish() {
  if (!missed_ || plan_.made == kMostPlans) return;
  ++plan_.made;
  try {
    arena_.plan(plan_);
  } catch (const std::exception&) {  // no memory: runs go on without
    plan_ = {{}, {}, kMostPlans};
  }
}

c10::DataPtr ArenaRun::allocate(size_t bytes, c10::Allocator& former) {
  const bool noted = bytes > 0 && bytes <= std::numeric_limits<int64_t>::max() / 2 && former.raw_deleter() &&
                     arena_.notes_.size() < kMostBlocks;
  if (!noted) return former.allocate(bytes);
  void* block = take(static_cast<int64_t>(bytes));
  if (!block) {
    c10::DataPtr given = former.allocate(bytes);
    if (given.get() != given.get_context()) return given;  // freed by more than its address
    block = given.release_context();
  }
  c10::DataPtr result(block, block, &free_block, c10::Device(c10::DeviceType::CPU));
  arena_.open_.push_back({block, arena_.notes_.size()});
  arena_.notes_.push_back({static_cast<int64_t>(bytes), -1});
  return result;
}

// Null where the plan has no place, or that is in use.
void* ArenaRun::take(int64_t bytes) {
  const size_t end = std::min(end_, next_ + kWindow);
  const size_t found = find(bytes, end);
  if (found == end) {
    const ArenaPlan::Block outliving{bytes, ArenaPlan::kNowhere};
    const auto begin = plan_.blocks.begin();
    missed_ = missed_ || std::find(begin + static_cast<std::ptrdiff_t>(next_), begin + static_cast<std::ptrdiff_t>(end),
                                   outliving) == begin + static_cast<std::ptrdiff_t>(end);
    return nullptr;
  }
  next_ = found + 1;
  void* block = arena_.memory_ ? arena_.memory_->take(plan_.blocks[found].place, bytes) : nullptr;
  missed_ = missed_ || !block;
  return block;
}

// The next block of this size, or else the next one if it is large enough; `end` if it is neither.
size_t ArenaRun::find(int64_t bytes, size_t end) const {
  const auto& blocks = plan_.blocks;
  for (size_t i = next_; i < end; ++i)
    if (blocks[i].bytes == bytes && blocks[i].place != ArenaPlan::kNowhere) return i;
  const bool fits = next_ < end && bytes < blocks[next_].bytes && blocks[next_].place != ArenaPlan::kNowhere;
  return fits ? next_ : end;
}

bool ArenaRun::release(void* block) {
  std::vector<Arena::Open>& open = arena_.open_;
  const auto found = std::find_if(open.rbegin(), open.rend(), [&](const Arena::Open& o) { return o.block == block; });
  if (found != open.rend()) {
    arena_.notes_[found->note].last = static_cast<int>(arena_.notes_.size()) - 1;
    *found = open.back();
    open.pop_back();
  }
  if (!arena_.memory_ || !arena_.memory_->holds(block)) return false;
  arena_.memory_->give_back(block);
  return true;
}

}  // namespace torchtrt::engine

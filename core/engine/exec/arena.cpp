// Arena: noting blocks, planning their places, and finding a block's place again.
#include "core/engine/exec/arena.h"

#include <algorithm>
#include <array>
#include <limits>
#include <span>
#include <utility>

#include "core/engine/exec/arena_allocator.h"
#include "core/engine/exec/switches.h"
#include "core/engine/plan/places.h"

namespace torchtrt::engine {
namespace {

constexpr int64_t kAlignment = 64;       // PyTorch's own on the CPU
constexpr size_t kMostBlocks = 1 << 16;  // of a run; the rest are left to the former allocator
constexpr size_t kWindow = 16;           // blocks of the plan that may be missing in a run, one behind the other
constexpr int kMostPlans = 8;            // of a program: one that is never the same is left alone then

thread_local ArenaRun* current_run = nullptr;

}  // namespace

bool uses_arenas(c10::Device device) { return device.is_cpu() && is_switched_on("TORCHTRT_EMBEDDED_ARENA"); }

Arena::Arena(bool on) : on_(on) {
  if (on) install_arena_allocator();
}

// Runs may differ: lengths depend on data, loops have more trips, other branches are taken. The blocks of a step are
// those of the run that had more of them, each as large as in the run where it was larger.
ArenaPlan Arena::merged(const ArenaPlan& former) const {
  ArenaPlan result;
  const std::array plans{&former, &notes_};
  const auto begin_of = [](const ArenaPlan& plan, size_t step) {
    return step < plan.steps.size() ? plan.steps[step] : plan.blocks.size();
  };
  std::array<std::vector<int>, 2> position;  // by block of each plan: that in the result
  for (size_t step = 0; step < std::max(former.steps.size(), notes_.steps.size()); ++step) {
    const size_t begin = result.blocks.size();
    result.steps.push_back(begin);
    for (size_t p = 0; p < plans.size(); ++p)
      for (size_t i = begin_of(*plans[p], step), at = begin; i < begin_of(*plans[p], step + 1); ++i) {
        const ArenaPlan::Block& block = plans[p]->blocks[i];
        position[p].push_back(static_cast<int>(at));
        if (p == 0 && block.last < 0) continue;  // only a first run asked for it, or this one did too
        if (at == result.blocks.size()) result.blocks.emplace_back();
        result.blocks[at].bytes = std::max(result.blocks[at].bytes, block.bytes);
        ++at;
      }
  }
  for (size_t p = 0; p < plans.size(); ++p)
    for (size_t i = 0; i < position[p].size(); ++i)
      if (const int last = plans[p]->blocks[i].last; last >= 0) {
        int& most = result.blocks[static_cast<size_t>(position[p][i])].last;
        most = std::max(most, position[p][static_cast<size_t>(last)]);
      }
  return result;
}

void Arena::plan(ArenaPlan& plan) {
  ArenaPlan fresh = merged(plan);
  fresh.made = plan.made;
  std::vector<Life> lives;
  std::vector<ArenaPlan::Block*> placed;
  for (size_t i = 0; i < fresh.blocks.size(); ++i) {
    ArenaPlan::Block& block = fresh.blocks[i];
    if (block.last < 0) continue;
    lives.push_back({block.bytes, static_cast<int>(i), block.last});
    placed.push_back(&block);
  }
  const Places places = place(lives, kAlignment);
  for (size_t i = 0; i < placed.size(); ++i) placed[i]->place = places.begins[i];
  if (!memory_ || memory_->bytes() < places.bytes) {
    memory_ = nullptr;  // before there is more: the two need not be there at once
    if (places.bytes > 0) memory_ = ArenaMemory::make(former_allocator(), places.bytes);
  }
  plan = std::move(fresh);
}

ArenaRun::ArenaRun(Arena& arena, ArenaPlan& plan) : arena_(arena), plan_(plan), outer_(current_run) {
  arena_.notes_.blocks.clear();
  arena_.notes_.steps.clear();
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
  arena_.notes_.steps.resize(step + 1, arena_.notes_.blocks.size());
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
                     !arena_.notes_.steps.empty() && arena_.notes_.blocks.size() < kMostBlocks;
  if (!noted) return former.allocate(bytes);
  void* block = take(static_cast<int64_t>(bytes));
  if (!block) {
    c10::DataPtr given = former.allocate(bytes);
    if (given.get() != given.get_context()) return given;  // freed by more than its address
    block = given.release_context();
  }
  c10::DataPtr result(block, block, &free_block, c10::Device(c10::DeviceType::CPU));
  arena_.open_.push_back({block, arena_.notes_.blocks.size()});
  arena_.notes_.blocks.push_back({static_cast<int64_t>(bytes)});
  return result;
}

// Null where the plan has no place, or that is in use.
void* ArenaRun::take(int64_t bytes) {
  const size_t end = std::min(end_, next_ + kWindow);
  const size_t found = find(bytes, end);
  if (found == end) {
    const auto outlives = [&](const ArenaPlan::Block& block) {
      return block.place == ArenaPlan::kNowhere && block.bytes == bytes;
    };
    missed_ = missed_ || std::ranges::none_of(std::span(plan_.blocks).subspan(next_, end - next_), outlives);
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
    arena_.notes_.blocks[found->note].last = static_cast<int>(arena_.notes_.blocks.size()) - 1;
    *found = open.back();
    open.pop_back();
  }
  if (!arena_.memory_ || !arena_.memory_->holds(block)) return false;
  arena_.memory_->give_back(block);
  return true;
}

}  // namespace torchtrt::engine

// Places: the largest first, each into the lowest gap. Where there are very many, in order of time, which is quicker.
#include "core/engine/plan/places.h"

#include <algorithm>
#include <numeric>

namespace torchtrt::engine {
namespace {

constexpr size_t kMostBySize = 4096;

struct Placed {
  const Life* life;
  int64_t begin, end;
};

int64_t aligned(int64_t bytes, int64_t alignment) { return (bytes + alignment - 1) / alignment * alignment; }

// The lowest place that nothing needed at the same time overlaps; `placed` ascends by begin.
int64_t lowest_place(const Life& life, const std::vector<Placed>& placed, int64_t alignment) {
  int64_t place = 0;
  for (const Placed& other : placed) {
    if (other.life->last < life.first || life.last < other.life->first || other.end <= place) continue;
    if (other.begin >= place + life.bytes) break;
    place = aligned(other.end, alignment);
  }
  return place;
}

}  // namespace

Places place(const std::vector<Life>& lives, int64_t alignment) {
  std::vector<size_t> order(lives.size());
  std::iota(order.begin(), order.end(), 0);
  const bool by_size = lives.size() <= kMostBySize;
  if (by_size)
    std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return lives[a].bytes > lives[b].bytes; });
  Places result{std::vector<int64_t>(lives.size()), 0};
  std::vector<Placed> placed;
  for (const size_t i : order) {
    const Life& life = lives[i];
    if (!by_size) std::erase_if(placed, [&](const Placed& other) { return other.life->last < life.first; });
    const int64_t begin = lowest_place(life, placed, alignment);
    const Placed fresh{&life, begin, begin + life.bytes};
    placed.insert(std::upper_bound(placed.begin(), placed.end(), fresh,
                                   [](const Placed& a, const Placed& b) { return a.begin < b.begin; }),
                  fresh);
    result.begins[i] = begin;
    result.bytes = std::max(result.bytes, aligned(fresh.end, alignment));
  }
  return result;
}

}  // namespace torchtrt::engine

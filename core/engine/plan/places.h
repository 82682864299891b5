// Places: where things that are needed for a while lie in one block of memory.
#pragma once

#include <cstdint>
#include <vector>

namespace torchtrt::engine {

struct Life {
  int64_t bytes = 0;
  int first = 0, last = 0;  // positions in time, both included
};

struct Places {
  std::vector<int64_t> begins;  // by position in `lives`
  int64_t bytes = 0;            // of the block, a multiple of the alignment
};

// No two things that are needed at the same time overlap. `lives` ascend by `first`.
Places place(const std::vector<Life>& lives, int64_t alignment);

}  // namespace torchtrt::engine

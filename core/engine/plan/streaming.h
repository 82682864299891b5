// Streaming: which weights of a plan stay in host memory under a budget of device memory, and when they are copied.
#pragma once

#include <vector>

#include "core/engine/plan/plan.h"

namespace torchtrt::engine {

// Puts each constant right before its first use: weights that are copied at every run take memory that shortly.
void move_constants_to_use(const Graph& graph, std::vector<NodeId>& order);

struct Streaming {
  std::vector<char> streamed;  // by NodeId: a constant that is copied to the device at every run
  int64_t scratch = 0;         // bytes of such constants that are on the device at one time
};

// Weights are kept on the device in the order of their use, as far as `budget` bytes reach; weights that several
// constants share count once. Negative: all.
Streaming stream_weights(const Plan& plan, int64_t budget);

}  // namespace torchtrt::engine

// Streaming: which weights of a plan stay in host memory under a budget of device memory, and where they pass through
// the device.
#pragma once

#include <vector>

#include "core/engine/plan/plan.h"

namespace torchtrt::engine {

// Puts each constant right before its first use: weights that are copied at every run take memory that shortly.
void move_constants_to_use(const Graph& graph, std::vector<NodeId>& order);

// Note [Streamed weights]: constants that the budget leaves in host memory are copied to the device at every run, each
// while the layers of the one before compute. They pass through one staging buffer: a constant has its place there from
// the first use of the streamed constant before it, when its copy may begin, to its own last use. So any two that
// follow each other lie side by side, and a place is written again only when nobody reads it.
struct Upload {
  NodeId node = kNoId;
  int64_t offset = 0;  // in the staging buffer
  int64_t bytes = 0;
};

struct Streaming {
  std::vector<Upload> uploads;  // in the order of use
  int64_t scratch = 0;          // bytes of the staging buffer
};

// What may be streamed: constants in device memory whose lengths are known. Small ones whose values are known to the
// host are not among them: they are brought to the device with the program that needs them.
bool is_streamable(const Plan& plan, NodeId node);
// Bytes of those; memory that several constants share counts once.
int64_t streamable_bytes(const Plan& plan);

// Weights are kept on the device as far as `budget` bytes reach: small ones first, whose copies would cost more than
// their bytes, then others spread evenly over the schedule, so that copies have layers to hide behind. Negative: all.
Streaming stream_weights(const Plan& plan, int64_t budget);

}  // namespace torchtrt::engine

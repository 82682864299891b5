// own_weights: a graph's weights, copied out of the caller's memory.
#pragma once

#include "core/engine/graph/graph.h"

namespace torchtrt::engine {

// 64-byte aligned memory that frees itself.
std::shared_ptr<void> allocate_aligned(int64_t bytes);

// Copies every Weights field that has no owner. Weights at the same address, of the same type and count, share one
// copy.
void own_weights(Graph& graph);

// Bytes of all weights of the graph, shared ones once.
int64_t weights_bytes(const Graph& graph);

}  // namespace torchtrt::engine

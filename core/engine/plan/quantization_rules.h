// check_quantization: rules about scales and zero points that need their values, or where they come from.
#pragma once

#include "core/engine/graph/graph.h"

namespace torchtrt::engine {

// Throws Error with the layer's name. `order` are the nodes to look at, in the order they run in.
void check_quantization(const Graph& graph, const std::vector<NodeId>& order);

}  // namespace torchtrt::engine

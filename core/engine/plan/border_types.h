// check_border_types: uint8 is for network inputs and outputs.
#pragma once

#include "core/engine/graph/graph.h"

namespace torchtrt::engine {

// Throws Error with the layer's name. `order` are the nodes to look at.
void check_border_types(const Graph& graph, const std::vector<NodeId>& order);

}  // namespace torchtrt::engine

// compact: a graph without the nodes that nobody needs, numbered in the order they run in.
#pragma once

#include "core/engine/graph/graph.h"

namespace torchtrt::engine {

// Nodes that an output depends on, in the order to run them in, and nodes that are there for their effect (those
// without outputs are).
std::vector<NodeId> live_nodes(const Graph& graph);

// Same names, inputs, outputs and values. Types are inferred again, and checked against those of `graph`.
Graph compact(const Graph& graph);

}  // namespace torchtrt::engine

// What remains to be done about layers with bodies when they are made, and again when passes have changed the bodies.
#pragma once

#include "core/engine/graph/graph.h"

namespace torchtrt::engine {

// Puts the inputs first that a Loop or IfConditional needs on the host, and notes which those are.
void settle(Graph& graph, NodeId id);
// The same for all such layers of the graph, those in bodies first.
void settle_all(Graph& graph);

// Constants in bodies become inputs of the layer, so that the device gets them once, when the plan is loaded. Those
// that shapes in the body depend on stay. Whether something changed.
bool hoist_constants(Graph& graph);

}  // namespace torchtrt::engine

// outline: each loop and conditional of a graph becomes one layer, Loop or IfConditional, with its layers in a body.
#pragma once

#include "core/engine/graph/graph.h"

namespace torchtrt::engine {

// Innermost ones first. What no output needs is dropped. Throws Error naming loop or conditional, layer and rule.
void outline(Graph& graph);

}  // namespace torchtrt::engine

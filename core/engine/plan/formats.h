// Formats of inputs and outputs in a plan: Reformat layers next to them. See Note [Formats].
#pragma once

#include "core/engine/plan/plan.h"

namespace torchtrt::engine {

//   input x allowed kHWC only   ->  x, Reformat -> everything that used x
//   output y allowed kHWC only  ->  y (renamed) -> Reformat -> output y
// Throws for formats that are not built, and for host inputs and shape outputs.
void add_reformats(Graph& graph);

// A plan may come from anywhere: Reformat layers stand between a binding of their format and the rest, nowhere else.
void check_reformats(const Plan& plan);

}  // namespace torchtrt::engine

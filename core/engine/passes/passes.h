// Passes: rewritings of a network that keep what it computes. Their order is the list in passes.cpp.
//
// A pass takes a graph, tells whether it changed it, and opens with what it rewrites and when that is valid. Dead nodes
// may be left behind: nothing looks at them, and the plan does not take them over.
#pragma once

#include <span>

#include "core/engine/graph/graph.h"

namespace torchtrt::engine {

struct Pass {
  const char* name;
  int level;  // least optimization level that runs it
  bool (*run)(Graph& graph);
};

std::span<const Pass> passes();

// Weights of a real type, converted.
Weights to_float32(const Weights& weights);
Weights to_real(const Weights& weights, DType dtype);

// A strongly typed copy: real types of a weakly typed network become float32, converted at inputs and outputs.
Graph strengthen(const Graph& network);

}  // namespace torchtrt::engine

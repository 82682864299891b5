// Bodies: graphs inside Loop and IfConditional layers. Their inputs are fed by inputs of the layer; they never change
// once they are part of a layer, and their nodes are numbered in the order they run in.
#pragma once

#include <functional>
#include <span>

#include "core/engine/graph/graph.h"
#include "core/engine/plan/evaluation.h"

namespace torchtrt::engine {

inline constexpr int kMaxBodyDepth = 64;  // of bodies in bodies

// What is known of the inputs of a body.
struct BodyArgs {
  std::vector<Shape> shapes;
  std::vector<const HostValue*> values;  // null: not known on the host
};

// The inputs of a body that is fed by these inputs of the layer.
BodyArgs body_args(const std::vector<int64_t>& feeds, const ShapeArgs& in);

// An evaluation that knows the inputs, and walked no node yet.
Evaluation start_body(const Graph& body, const BodyArgs& args);
// All nodes walked. Throws Error with the name of the layer inside. `largest`: lengths that depend on data count as
// their upper bounds.
Evaluation evaluate_body(const Graph& body, const BodyArgs& args, bool largest = false);

// Throws unless the body is there, is whole, has `outputs` outputs, and its inputs have the types of the inputs of the
// layer that feed them.
void check_body(const GraphRef& body, const std::vector<int64_t>& feeds, size_t outputs, const Types& in);

// By body input: whether the layer's shapes, or its run, need the value on the host. `host_outputs`, by position, are
// needed there as well.
std::vector<char> host_needs(const Graph& body, const std::vector<size_t>& host_outputs);

// Whether every node can be evaluated on the host; whether one has an effect.
bool can_fold_body(const Graph& body);
bool has_effect(const Graph& body);

// How deep bodies lie in bodies; 0: there are none.
int body_depth(const Graph& graph);
// Calls `visit` for the graph and every body in it.
void visit_graphs(const Graph& graph, const std::function<void(const Graph&)>& visit);
// Gives each body in the graph, innermost first, a changed copy where `change` says that it changed it. Whether one
// did.
bool change_bodies(Graph& graph, const std::function<bool(Graph&)>& change);

}  // namespace torchtrt::engine

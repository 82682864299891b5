// What passes do alike: finding patterns, and putting a new node in an old one's place.
#pragma once

#include <string>

#include "core/engine/graph/graph.h"
#include "core/engine/layers/constant.h"

namespace torchtrt::engine {

// The layer that computes a value, if it is of kind Op; else null.
template <class Op>
const Op* producer_as(const Graph& graph, ValueId value) {
  const NodeId id = value == kNoId ? kNoId : graph.stale_value(value).producer;
  return id == kNoId || !graph.node(id).layer ? nullptr : as<Op>(*graph.node(id).layer);
}

inline const Node& producer_of(const Graph& graph, ValueId value) {
  return graph.node(graph.stale_value(value).producer);
}

// Input i of the node that computes `value`.
inline ValueId input_of(const Graph& graph, ValueId value, int i) {
  const Node& node = producer_of(graph, value);
  return i < static_cast<int>(node.inputs.size()) ? node.inputs[i] : kNoId;
}

inline bool is_marked(const Graph& graph, ValueId value) {
  return graph.is_output(value) || graph.is_shape_output(value) || graph.is_debug(value);
}

// Whether one input of one node is all that uses the value: it may vanish into that node.
bool is_private(const Graph& graph, ValueId value);

// The element of a constant of one float32, float16 or bfloat16 element.
std::optional<double> uniform_value(const Graph& graph, ValueId value);

ValueId add_constant(Graph& graph, const Weights& weights, const Shape& shape, const std::string& name);

// Everything that used `old` uses `fresh` instead, which takes over its name and its node's name and metadata.
void take_over(Graph& graph, ValueId old, ValueId fresh);

// `old` is the value of `other`, which exists anyway; an output of the network stays.
bool drop(Graph& graph, ValueId old, ValueId other);

}  // namespace torchtrt::engine

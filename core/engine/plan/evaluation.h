// Evaluation: shapes and host values of a whole graph for given input shapes; one walk of the layers' rules.
//
// The build runs it at the corners of each profile, a context at the shapes of a run.
#pragma once

#include <memory>
#include <vector>

#include "core/engine/graph/graph.h"

namespace torchtrt::engine {

// What the rules said of one node.
enum class Outcome {
  kFolded,         // all its outputs have known host values: nothing to run
  kRun,            // the shapes of its outputs are known
  kNeedsValue,     // the value of a host input is not known: somebody has to compute and provide it
  kDataDependent,  // some output length is known only once it has run
};

class Evaluation {
 public:
  // Starts from what is known at definition time. `graph` must outlive it and not change.
  explicit Evaluation(const Graph& graph);

  void set_shape(ValueId value, const Shape& shape) { shapes_[value] = shape; }
  void set_host(ValueId value, HostValue host) { hosts_[value] = std::make_shared<const HostValue>(std::move(host)); }

  // From now on a length that depends on data counts as its upper bound. Values computed from such lengths stay
  // unknown: nothing says that they grow with them.
  void assume_largest() { bounded_.assign(shapes_.size(), 0); }

  // Throws Error with the layer's name, the rule and the inputs with their shapes.
  // On kNeedsValue the outputs' shapes are those that can be told without the value.
  Outcome evaluate(NodeId node);
  // First host input of the node whose value is not known, or kNoId.
  ValueId missing_value(NodeId node) const;

  const Shape& shape(ValueId value) const { return shapes_[value]; }
  // Null, or perhaps with unknown elements.
  const std::shared_ptr<const HostValue>& host(ValueId value) const { return hosts_[value]; }
  bool is_host_known(ValueId value) const { return hosts_[value] && hosts_[value]->is_known(); }

  // The node's inputs as rules see them; lent until the next call of this or of evaluate().
  ShapeArgs args_of(const Node& node) const;

 private:
  bool fold(const Node& node, const ShapeArgs& args);
  bool bound(const Node& node, const ShapeArgs& args, Shapes& shapes);

  const Graph& graph_;
  std::vector<Shape> shapes_;
  std::vector<std::shared_ptr<const HostValue>> hosts_;
  std::vector<char> bounded_;  // by value: its shape is an upper bound; empty unless assume_largest() was called
  // What args_of() lends.
  mutable Shapes shapes_in_;
  mutable std::vector<const HostValue*> values_in_;
  mutable Types types_in_;
};

}  // namespace torchtrt::engine

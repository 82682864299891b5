// Graph: a network as plain data, with types checked when a node is added and shapes inferred on demand.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/engine/layers/layer.h"

namespace torchtrt::engine {

using ValueId = int32_t;
using NodeId = int32_t;
inline constexpr int32_t kNoId = -1;

// A tensor.
struct Value {
  std::string name;
  DType dtype = DType::kFloat32;
  Shape shape;                         // kUnknown lengths until run time; invalid if a rule failed
  std::optional<HostValue> host;       // its value, as far as known at definition time
  NodeId producer = kNoId;             // kNoId: a network input
  int32_t output_index = 0;            // which output of the producer
  std::vector<std::string> dim_names;  // of an input: equal names mean equal run-time lengths; "" or absent: none
  uint32_t allowed_formats = 0;        // TensorFormat mask as the user restricted it; 0: any
  bool retyped = false;                // dtype was set by the user (weakly typed networks only)
};

struct Node {
  std::string name;
  std::string metadata;
  std::unique_ptr<Layer> layer;  // null: removed
  std::vector<ValueId> inputs;   // kNoId: absent optional input
  std::vector<ValueId> outputs;
};

// A loop or a conditional, to which boundary layers belong by its number.
struct Region {
  std::string name;
  bool is_loop = false;
};

// Nodes are kept in the order of addition, which is a topological order except that set_input may refer forward;
// `order()` is the one to run in. Late inputs (recurrences) count as no dependency: they alone may close cycles.
class Graph {
 public:
  explicit Graph(bool strongly_typed = true) : strongly_typed_(strongly_typed) {}
  Graph(Graph&&) = default;
  Graph& operator=(Graph&&) = default;
  Graph clone() const;

  // Throws: duplicate name, bad type, bad shape.
  ValueId add_input(std::string name, DType dtype, const Shape& shape);
  // Types are inferred here: throws Error and leaves the graph unchanged on a type violation. A shape violation is
  // remembered, and reported by shape_error() and by the build. Names: "(Unnamed Layer* 3) [Softmax]" until set.
  NodeId add_node(std::unique_ptr<Layer> layer, std::vector<ValueId> inputs);
  template <class Op>
  NodeId add(Op op, std::vector<ValueId> inputs) {
    return add_node(std::make_unique<LayerOf<Op>>(std::move(op)), std::move(inputs));
  }
  // Grows the node's inputs with kNoId up to `index` if needed. Throws (unchanged) on a type violation or a cycle.
  void set_input(NodeId node, int index, ValueId value);
  // Runs `change` on the node's kind and infers its types again; undone if they become invalid.
  template <class Op>
  void edit(NodeId node, const std::function<void(Op&)>& change) {
    edit_layer(node, [&](Layer& layer) { change(*as<Op>(layer)); });
  }
  void edit_layer(NodeId node, const std::function<void(Layer&)>& change);
  void remove_input(ValueId input);  // nothing may use it
  void set_input_shape(ValueId input, const Shape& shape);
  void set_input_dtype(ValueId input, DType dtype);
  // Another type for a layer's output: weakly typed networks and real types only, or the type it has already.
  void set_output_dtype(ValueId value, DType dtype);
  void set_name(NodeId node, std::string name);  // tensors named after it follow, unless renamed themselves
  void set_value_name(ValueId value, std::string name);
  void remove_node(NodeId node);  // its outputs must be unused

  void mark_output(ValueId value);  // throws for network inputs; twice is harmless
  void unmark_output(ValueId value);
  void mark_shape_output(ValueId value);
  void replace_uses(ValueId from, ValueId to);    // of every node and output
  void replace_output(ValueId from, ValueId to);  // in the list of outputs only
  // A debug tensor keeps its name and its value, whatever passes do, and is computed by every run.
  void mark_debug(ValueId value);  // throws for network inputs; twice is harmless
  void unmark_debug(ValueId value);

  const std::vector<Node>& nodes() const { return nodes_; }
  const Node& node(NodeId id) const { return nodes_.at(id); }
  Node& mutable_node(NodeId id) { return nodes_.at(id); }  // passes; call touch(id) after a change
  void touch(NodeId id);
  int value_count() const { return static_cast<int>(values_.size()); }
  // Shapes are brought up to date first.
  const Value& value(ValueId id) const;
  Value& mutable_value(ValueId id) { return values_.at(id); }
  // Name and type are right; shape and host value may be of an earlier state.
  const Value& stale_value(ValueId id) const { return values_.at(id); }
  const std::vector<ValueId>& inputs() const { return inputs_; }
  const std::vector<ValueId>& outputs() const { return outputs_; }
  const std::vector<ValueId>& shape_outputs() const { return shape_outputs_; }
  bool is_output(ValueId id) const;
  bool is_shape_output(ValueId id) const;
  const std::vector<ValueId>& debug_values() const { return debug_values_; }
  bool is_debug(ValueId id) const;
  std::vector<NodeId> order() const;  // throws on a cycle
  std::vector<NodeId> users(ValueId value) const;
  // Types the node's rule answers for its present inputs. Throws Error with the layer's name and tensors.
  Types inferred_types(NodeId node) const;
  // First shape violation, with the layer's name; nullopt if none.
  std::optional<std::string> shape_error(NodeId node) const;
  std::optional<std::string> first_shape_error() const;

  int add_region(Region region);
  const std::vector<Region>& regions() const { return regions_; }
  void set_regions(std::vector<Region> regions) { regions_ = std::move(regions); }

  bool strongly_typed() const { return strongly_typed_; }
  const std::string& name() const { return name_; }
  void rename(std::string name) { name_ = std::move(name); }

 private:
  void require_value(ValueId id) const;
  void require_node(NodeId id) const;
  ValueId add_value(Value value);
  Types infer_types(const Node& node) const;
  void retype(NodeId node);
  void retype_users(ValueId value);
  bool reaches(NodeId from, NodeId to) const;
  void mark_stale(NodeId node) const;
  void mark_users_stale(ValueId value) const;
  void refresh() const;
  bool refresh_node(NodeId node) const;
  bool store(const Node& node, const Shapes& shapes, const std::optional<HostValues>& values) const;

  bool strongly_typed_;
  std::string name_ = "Unnamed Network 0";
  std::vector<Node> nodes_;
  mutable std::vector<Value> values_;
  mutable std::vector<std::optional<std::string>> shape_errors_;  // by node
  // Nodes with stale shapes; none below first_stale_ while nodes are in topological order, none at all if it is the
  // end.
  mutable std::vector<char> stale_;
  mutable NodeId first_stale_ = 0;
  bool refers_forward_ = false;  // some node may use the output of a later one
  std::vector<ValueId> inputs_, outputs_, shape_outputs_, debug_values_;
  std::vector<Region> regions_;
};

// "Softmax layer "name": what\n  input 0 "x": float32 [1, 3]": errors of rules, told in terms of the user's network.
// `shapes`, by ValueId, replace those of the definition where given.
std::string describe_failure(const Graph& graph, NodeId node, std::string_view what,
                             std::span<const Shape> shapes = {});

}  // namespace torchtrt::engine

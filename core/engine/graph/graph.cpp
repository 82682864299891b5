// Graph: adding, editing and removing nodes, with types checked at once.
#include "core/engine/graph/graph.h"

#include <algorithm>

namespace torchtrt::engine {
namespace {

constexpr size_t kMaxName = 4096;

std::string default_value_name(const Node& node, size_t index, size_t count) {
  return count == 1 ? node.name + "_output" : join(node.name, "_output_", index);
}

// Types of a weakly typed network: all real types are one (layers.md 1.4).
DType real(DType dtype) { return is_floating(dtype) ? DType::kFloat32 : dtype; }

// The layer as the type rule of a weakly typed network sees it: real weights and annotations are float32.
std::unique_ptr<Layer> weaken(const Layer& layer) {
  std::unique_ptr<Layer> weak = layer.clone();
  for (const Field& field : layer.fields()) {
    if (const auto* weights = std::get_if<Weights>(&field.value)) {
      Weights changed = *weights;
      changed.dtype = real(changed.dtype);
      weak->set_field(field.name, changed);
    } else if (field.name == "to_type" && std::holds_alternative<int64_t>(field.value)) {
      const auto dtype = real(static_cast<DType>(std::get<int64_t>(field.value)));
      weak->set_field(field.name, static_cast<int64_t>(dtype));
    }
  }
  return weak;
}

void check_name(const std::string& name) {
  TORCHTRT_REQUIRE(kInvalidArgument, name.size() <= kMaxName, "a name of ", name.size(), " bytes is too long; at most ",
                   kMaxName, " are possible");
}

template <class T>
bool contains(const std::vector<T>& list, const T& item) {
  return std::find(list.begin(), list.end(), item) != list.end();
}

}  // namespace

Graph Graph::clone() const {
  refresh();
  Graph copy(strongly_typed_);
  copy.name_ = name_;
  for (const Node& node : nodes_)
    copy.nodes_.push_back(
        {node.name, node.metadata, node.layer ? node.layer->clone() : nullptr, node.inputs, node.outputs});
  copy.values_ = values_;
  copy.shape_errors_ = shape_errors_;
  copy.stale_ = stale_;
  copy.first_stale_ = first_stale_;
  copy.refers_forward_ = refers_forward_;
  copy.inputs_ = inputs_;
  copy.outputs_ = outputs_;
  copy.shape_outputs_ = shape_outputs_;
  copy.debug_values_ = debug_values_;
  copy.regions_ = regions_;
  return copy;
}

void Graph::require_value(ValueId id) const {
  TORCHTRT_REQUIRE(kInvalidArgument, id >= 0 && id < value_count(), "there is no tensor number ", id, " in network \"",
                   name_, "\"");
}

void Graph::require_node(NodeId id) const {
  TORCHTRT_REQUIRE(kInvalidArgument, id >= 0 && id < static_cast<NodeId>(nodes_.size()) && nodes_[id].layer,
                   "there is no layer number ", id, " in network \"", name_, "\"");
}

ValueId Graph::add_value(Value value) {
  values_.push_back(std::move(value));
  return value_count() - 1;
}

ValueId Graph::add_input(std::string name, DType dtype, const Shape& shape) {
  TORCHTRT_REQUIRE(kInvalidArgument, !name.empty(), "a network input needs a name");
  check_name(name);
  for (const ValueId input : inputs_)
    TORCHTRT_REQUIRE(kInvalidArgument, values_[input].name != name, "network input \"", name,
                     "\" exists already: names of inputs and outputs must be unique");
  TORCHTRT_REQUIRE(kInvalidArgument, dtype_row(dtype).in_tensorrt, "network input \"", name,
                   "\": a network has no tensors of type ", dtype);
  TORCHTRT_REQUIRE(kInvalidArgument, shape.is_valid(), "network input \"", name, "\": the shape is invalid");
  for (const int64_t length : shape)
    TORCHTRT_REQUIRE(kInvalidArgument, length >= kUnknown, "network input \"", name, "\": shape ", shape,
                     " has a negative length; -1 alone is possible, for a length that only run time knows");
  Value value;
  value.name = std::move(name);
  value.dtype = dtype;
  value.shape = shape;
  inputs_.push_back(add_value(std::move(value)));
  return inputs_.back();
}

NodeId Graph::add_node(std::unique_ptr<Layer> layer, std::vector<ValueId> inputs) {
  for (const ValueId input : inputs)
    if (input != kNoId) require_value(input);
  const auto id = static_cast<NodeId>(nodes_.size());
  Node node{join("(Unnamed Layer* ", id, ") [", layer->kind(), "]"), "", std::move(layer), std::move(inputs), {}};
  nodes_.push_back(std::move(node));
  Types types;
  try {
    types = infer_types(nodes_[id]);
  } catch (const Error& error) {
    Node refused = std::move(nodes_.back());
    nodes_.pop_back();
    refresh();  // the message tells the inputs' shapes
    nodes_.push_back(std::move(refused));
    const std::string text = describe_failure(*this, id, error.what());
    nodes_.pop_back();
    throw Error(error.kind(), text);
  } catch (...) {
    nodes_.pop_back();
    throw;
  }
  shape_errors_.emplace_back();
  stale_.push_back(0);
  for (size_t i = 0; i < types.size(); ++i) {
    Value value;
    value.name = default_value_name(nodes_[id], i, types.size());
    value.dtype = types[i];
    value.shape = Shape::invalid();
    value.producer = id;
    value.output_index = static_cast<int32_t>(i);
    nodes_[id].outputs.push_back(add_value(std::move(value)));
  }
  mark_stale(id);
  return id;
}

Types Graph::infer_types(const Node& node) const {
  Types in;
  for (const ValueId input : node.inputs) in.push_back(input == kNoId ? DType::kNone : values_[input].dtype);
  if (strongly_typed_) return node.layer->infer_types(in);
  std::transform(in.begin(), in.end(), in.begin(), real);
  Types out = weaken(*node.layer)->infer_types(in);
  std::transform(out.begin(), out.end(), out.begin(), real);
  return out;
}

Types Graph::inferred_types(NodeId id) const {
  try {
    return infer_types(nodes_.at(id));
  } catch (const Error& error) {
    throw Error(error.kind(), describe_failure(*this, id, error.what()));
  }
}

void Graph::set_input(NodeId id, int index, ValueId value) {
  require_node(id);
  TORCHTRT_REQUIRE(kInvalidArgument, index >= 0, "layer \"", nodes_[id].name, "\" has no input ", index);
  if (value != kNoId) {
    require_value(value);
    const NodeId producer = values_[value].producer;
    const bool late = names_input(nodes_[id].layer->late_inputs(), static_cast<size_t>(index));
    TORCHTRT_REQUIRE(kInvalidArgument, late || producer == kNoId || !reaches(id, producer), "tensor \"",
                     values_[value].name, "\" cannot be an input of layer \"", nodes_[id].name,
                     "\": it depends on that layer's output");
  }
  const std::vector<ValueId> before = nodes_[id].inputs;
  if (static_cast<int>(before.size()) <= index) nodes_[id].inputs.resize(index + 1, kNoId);
  nodes_[id].inputs[index] = value;
  try {
    retype(id);
  } catch (...) {
    nodes_[id].inputs = before;
    throw;
  }
  refers_forward_ = refers_forward_ || (value != kNoId && values_[value].producer >= id);
  touch(id);
}

void Graph::edit_layer(NodeId id, const std::function<void(Layer&)>& change) {
  require_node(id);
  std::unique_ptr<Layer> before = nodes_[id].layer->clone();
  try {
    change(*nodes_[id].layer);
    retype(id);
  } catch (...) {
    nodes_[id].layer = std::move(before);
    throw;
  }
  touch(id);
}

// Infers the types of a node's outputs again and, where they changed, of everything behind it. All or nothing.
void Graph::retype(NodeId start) {
  std::vector<std::pair<ValueId, DType>> changed;
  std::vector<NodeId> todo{start};
  try {
    while (!todo.empty()) {
      const NodeId id = todo.back();
      todo.pop_back();
      const Types types = inferred_types(id);
      TORCHTRT_REQUIRE(kInvalidConfig, types.size() == nodes_[id].outputs.size(), "layer \"", nodes_[id].name,
                       "\" has ", nodes_[id].outputs.size(), " outputs; a change cannot make it ", types.size());
      for (size_t i = 0; i < types.size(); ++i) {
        const ValueId output = nodes_[id].outputs[i];
        Value& value = values_[output];
        if (value.dtype == types[i] || (value.retyped && is_floating(value.dtype) && is_floating(types[i]))) continue;
        changed.emplace_back(output, value.dtype);
        value.dtype = types[i];
        for (const NodeId user : users(output)) todo.push_back(user);
      }
    }
  } catch (...) {
    for (auto it = changed.rbegin(); it != changed.rend(); ++it) values_[it->first].dtype = it->second;
    throw;
  }
  for (const auto& [value, dtype] : changed) mark_users_stale(value);  // host values carry their type
}

void Graph::set_input_shape(ValueId input, const Shape& shape) {
  TORCHTRT_REQUIRE(kInvalidArgument, contains(inputs_, input), "only the shape of a network input can be set");
  TORCHTRT_REQUIRE(kInvalidArgument,
                   shape.is_valid() && std::all_of(shape.begin(), shape.end(), [](int64_t l) { return l >= kUnknown; }),
                   "network input \"", values_[input].name, "\": shape ", shape, " has a negative length");
  values_[input].shape = shape;
  mark_users_stale(input);
}

void Graph::set_input_dtype(ValueId input, DType dtype) {
  TORCHTRT_REQUIRE(kInvalidArgument, contains(inputs_, input), "only the type of a network input can be set");
  TORCHTRT_REQUIRE(kInvalidArgument, dtype_row(dtype).in_tensorrt, "network input \"", values_[input].name,
                   "\": a network has no tensors of type ", dtype);
  const DType before = values_[input].dtype;
  values_[input].dtype = dtype;
  try {
    for (const NodeId user : users(input)) retype(user);
  } catch (...) {
    values_[input].dtype = before;
    for (const NodeId user : users(input)) retype(user);  // those before the one that failed have changed
    throw;
  }
  mark_users_stale(input);
}

void Graph::set_output_dtype(ValueId id, DType dtype) {
  require_value(id);
  Value& value = values_[id];
  if (value.dtype == dtype) return;
  TORCHTRT_REQUIRE(kInvalidArgument, value.producer != kNoId, "\"", value.name, "\" is a network input");
  TORCHTRT_CHECK(!strongly_typed_ && is_floating(dtype) && is_floating(value.dtype), "tensor \"", value.name,
                 "\" has type ", value.dtype, " by the rules of layer \"", nodes_[value.producer].name,
                 "\"; it cannot be set to ", dtype, ". Add a Cast layer instead");
  value.dtype = dtype;
  value.retyped = true;
}

void Graph::set_name(NodeId id, std::string name) {
  require_node(id);
  check_name(name);
  Node& node = nodes_[id];
  std::vector<char> follows;
  for (size_t i = 0; i < node.outputs.size(); ++i)
    follows.push_back(values_[node.outputs[i]].name == default_value_name(node, i, node.outputs.size()));
  node.name = std::move(name);
  for (size_t i = 0; i < node.outputs.size(); ++i)
    if (follows[i]) values_[node.outputs[i]].name = default_value_name(node, i, node.outputs.size());
  mark_stale(id);  // its error, if it has one, tells the name
}

void Graph::set_value_name(ValueId id, std::string name) {
  require_value(id);
  check_name(name);
  values_[id].name = std::move(name);
}

void Graph::remove_node(NodeId id) {
  require_node(id);
  for (const ValueId output : nodes_[id].outputs)
    TORCHTRT_REQUIRE(kInvalidState, !is_output(output) && !is_shape_output(output) && users(output).empty(), "layer \"",
                     nodes_[id].name, "\" cannot be removed: its output \"", values_[output].name, "\" is in use");
  nodes_[id].layer.reset();
  nodes_[id].inputs.clear();
  shape_errors_[id].reset();
  stale_[id] = 0;
}

void Graph::remove_input(ValueId id) {
  require_value(id);
  TORCHTRT_REQUIRE(kInvalidArgument, contains(inputs_, id), "tensor \"", values_[id].name, "\" is no network input");
  TORCHTRT_REQUIRE(kInvalidState, users(id).empty(), "network input \"", values_[id].name,
                   "\" cannot be removed: it is in use");
  std::erase(inputs_, id);
}

void Graph::mark_output(ValueId id) {
  require_value(id);
  TORCHTRT_REQUIRE(kInvalidArgument, values_[id].producer != kNoId, "network input \"", values_[id].name,
                   "\" cannot be an output itself; add an Identity layer");
  if (!contains(outputs_, id)) outputs_.push_back(id);
}

void Graph::unmark_output(ValueId id) {
  std::erase(outputs_, id);
  std::erase(shape_outputs_, id);
}

void Graph::mark_shape_output(ValueId id) {
  require_value(id);
  TORCHTRT_REQUIRE(kInvalidArgument, values_[id].producer != kNoId, "network input \"", values_[id].name,
                   "\" cannot be a shape output itself; add an Identity layer");
  TORCHTRT_REQUIRE(kInvalidArgument, is_index(values_[id].dtype), "shape output \"", values_[id].name, "\" has type ",
                   values_[id].dtype, "; int32 or int64 expected");
  if (!contains(shape_outputs_, id)) shape_outputs_.push_back(id);
}

void Graph::replace_uses(ValueId from, ValueId to) {
  require_value(from);
  require_value(to);
  for (NodeId user : users(from)) {
    for (ValueId& input : nodes_[user].inputs)
      if (input == from) input = to;
    refers_forward_ = refers_forward_ || values_[to].producer >= user;
    mark_stale(user);
  }
  std::replace(outputs_.begin(), outputs_.end(), from, to);
  std::replace(shape_outputs_.begin(), shape_outputs_.end(), from, to);
  std::replace(debug_values_.begin(), debug_values_.end(), from, to);
}

void Graph::replace_output(ValueId from, ValueId to) {
  require_value(to);
  std::replace(outputs_.begin(), outputs_.end(), from, to);
}

void Graph::mark_debug(ValueId id) {
  require_value(id);
  TORCHTRT_REQUIRE(kInvalidArgument, values_[id].producer != kNoId, "network input \"", values_[id].name,
                   "\" cannot be a debug tensor: no layer computes it");
  if (!contains(debug_values_, id)) debug_values_.push_back(id);
}

void Graph::unmark_debug(ValueId id) { std::erase(debug_values_, id); }

int Graph::add_region(Region region) {
  regions_.push_back(std::move(region));
  return static_cast<int>(regions_.size()) - 1;
}

bool Graph::is_output(ValueId id) const { return contains(outputs_, id); }

bool Graph::is_shape_output(ValueId id) const { return contains(shape_outputs_, id); }

bool Graph::is_debug(ValueId id) const { return contains(debug_values_, id); }

}  // namespace torchtrt::engine

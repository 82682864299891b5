// BodyMaker: layers of a graph, copied into a body.
#include <cstring>

#include "core/engine/graph/compact.h"
#include "core/engine/layers/constant.h"
#include "core/engine/layers/identity.h"
#include "core/engine/plan/outline_region.h"
#include "core/engine/plan/weights.h"

namespace torchtrt::engine {
namespace {

template <class T>
void write(void* memory, const HostValue& value) {
  for (size_t i = 0; i < value.elements.size(); ++i) {
    const HostScalar& element = value.elements[i];
    const T number = element.floating ? static_cast<T>(element.f) : static_cast<T>(element.i);
    std::memcpy(static_cast<char*>(memory) + i * sizeof(T), &number, sizeof(T));
  }
}

// For the types that the host evaluates.
std::optional<Constant> constant_of(const HostValue& value) {
  const auto count = static_cast<int64_t>(value.elements.size());
  std::shared_ptr<void> memory = allocate_aligned(bytes_of(value.dtype, count));
  if (value.dtype == DType::kInt32) {
    write<int32_t>(memory.get(), value);
  } else if (value.dtype == DType::kInt64) {
    write<int64_t>(memory.get(), value);
  } else if (value.dtype == DType::kBool) {
    write<uint8_t>(memory.get(), value);
  } else if (value.dtype == DType::kFloat32) {
    write<float>(memory.get(), value);
  } else {
    return std::nullopt;
  }
  const void* data = memory.get();
  return Constant{Weights{value.dtype, count, data, std::move(memory), ""}, value.shape};
}

}  // namespace

int64_t InputList::index_of(ValueId value) {
  for (size_t i = 0; i < values.size(); ++i)
    if (values[i] == value) return static_cast<int64_t>(i);
  values.push_back(value);
  return static_cast<int64_t>(values.size()) - 1;
}

std::vector<int64_t> InputList::indices_of(const std::vector<ValueId>& list) {
  std::vector<int64_t> result;
  for (const ValueId value : list) result.push_back(index_of(value));
  return result;
}

BodyMaker::BodyMaker(const Graph& graph, const std::string& name)
    : graph_(graph), places_(static_cast<size_t>(graph.value_count()), kNoId) {
  body_.rename(name);
}

std::string BodyMaker::unique(const std::string& name) {
  std::string result = name.empty() ? "input" : name;
  for (int i = 2; !names_.insert(result).second; ++i) result = join(name, " #", i);
  return result;
}

void BodyMaker::add_input(ValueId inner, ValueId feed) {
  const Value& value = graph_.value(inner);
  places_[static_cast<size_t>(inner)] = body_.add_input(unique(value.name), value.dtype, value.shape);
  feeds_.push_back(feed);
}

ValueId BodyMaker::place(ValueId value) {
  if (value == kNoId) return kNoId;
  ValueId& place = places_[static_cast<size_t>(value)];
  if (place == kNoId) place = capture(value);
  return place;
}

ValueId BodyMaker::capture(ValueId id) {
  const Value& value = graph_.value(id);
  if (value.producer != kNoId && as<Constant>(*graph_.node(value.producer).layer)) {
    add_node(value.producer);
    return places_[static_cast<size_t>(id)];
  }
  if (value.host && value.host->is_known())
    if (const auto constant = constant_of(*value.host)) {
      const NodeId node = body_.add(*constant, {});
      body_.set_name(node, value.name);
      return body_.node(node).outputs[0];
    }
  const ValueId input = body_.add_input(unique(value.name), value.dtype, value.shape);
  body_.mutable_value(input).dim_names.clear();
  feeds_.push_back(id);
  return input;
}

void BodyMaker::add_nodes(const std::vector<char>& chosen) {
  for (const NodeId id : graph_.order())
    if (chosen[static_cast<size_t>(id)]) add_node(id);
}

void BodyMaker::add_node(NodeId id) {
  const Node& node = graph_.node(id);
  std::vector<ValueId> inputs;
  for (const ValueId input : node.inputs) inputs.push_back(place(input));
  const NodeId added = body_.add_node(node.layer->clone(), std::move(inputs));
  body_.set_name(added, node.name);
  body_.mutable_node(added).metadata = node.metadata;
  for (size_t i = 0; i < node.outputs.size(); ++i) {
    const ValueId output = body_.node(added).outputs.at(i);
    body_.set_value_name(output, graph_.stale_value(node.outputs[i]).name);
    if (graph_.is_debug(node.outputs[i])) body_.mark_debug(output);
    places_[static_cast<size_t>(node.outputs[i])] = output;
  }
}

void BodyMaker::add_result(ValueId value) {
  ValueId inner = place(value);
  if (body_.stale_value(inner).producer == kNoId || body_.is_output(inner)) {
    const NodeId copy = body_.add(Identity{}, {inner});
    body_.set_name(copy, join(graph_.stale_value(value).name, " as result"));
    inner = body_.node(copy).outputs[0];
  }
  body_.mark_output(inner);
}

GraphRef BodyMaker::take() {
  auto body = std::make_shared<Graph>(compact(body_));
  if (const auto error = body->first_shape_error()) TORCHTRT_THROW(kInvalidConfig, *error);
  return body;
}

}  // namespace torchtrt::engine

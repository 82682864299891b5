// Plans as files: about, graph, profiles, weights. A graph is read by building it again, so every rule is checked
// again.
#include "core/engine/file/plan_file.h"

#include <algorithm>
#include <functional>
#include <variant>

#include "core/engine/file/cursor.h"
#include "core/engine/file/enumerators.h"
#include "core/engine/file/weights_section.h"
#include "core/engine/plan/profile.h"

namespace torchtrt::engine {
namespace {

// ---- fields of layers, by the index of their alternative in FieldValue

void put_body(Writer& out, WeightsWriter& weights, const Graph& body);
GraphRef get_body(Cursor& in, const WeightsReader& weights);

void put_field(Writer& out, WeightsWriter& weights, const FieldValue& value) {
  out.put(static_cast<uint8_t>(value.index()));
  std::visit(
      [&]<class T>(const T& v) {
        if constexpr (std::is_same_v<T, GraphRef>) {
          put_body(out, weights, *v);
        } else if constexpr (std::is_same_v<T, Weights>) {
          weights.put(out, v);
        } else if constexpr (std::is_same_v<T, std::vector<int64_t>> || std::is_same_v<T, std::vector<double>>) {
          out.put_list(v);
        } else if constexpr (!std::is_same_v<T, std::monostate>) {
          out.put(v);
        }
      },
      value);
}

FieldValue get_field(Cursor& in, const WeightsReader& weights) {
  switch (in.get<uint8_t>()) {
    case 0:
      return std::monostate{};
    case 1:
      return in.get<bool>();
    case 2:
      return in.get<int64_t>();
    case 3:
      return in.get<double>();
    case 4:
      return in.get<std::string>();
    case 5:
      return in.get_list<int64_t>();
    case 6:
      return in.get_list<double>();
    case 7:
      return weights.get(in);
    case 8:
      return get_body(in, weights);
    default:
      TORCHTRT_THROW(kCorruptPlan, "the plan is damaged: no such kind of attribute");
  }
}
static_assert(std::variant_size_v<FieldValue> == 9);

// ---- graph: values are numbered inputs first, then the outputs of one node after the other

void put_value(Writer& out, const Value& value) {
  out.put(value.name);
  out.put(value.dtype);
  out.put(value.allowed_formats);
}

void get_value(Cursor& in, Graph& graph, ValueId id) {
  graph.set_value_name(id, in.get<std::string>());
  const auto dtype = in.get<DType>();
  TORCHTRT_REQUIRE(kCorruptPlan, dtype == graph.stale_value(id).dtype, "the plan is damaged: tensor \"",
                   graph.stale_value(id).name, "\" has type ", graph.stale_value(id).dtype, ", not ", dtype);
  graph.mutable_value(id).allowed_formats = in.get<uint32_t>();
}

using OnHost = std::function<bool(const Value&)>;

// `order` is that of the nodes' numbers.
void put_graph(Writer& out, WeightsWriter& weights, const Graph& graph, const std::vector<NodeId>& order,
               const OnHost& on_host) {
  out.put(graph.name());
  out.put_list(graph.inputs(), [&](ValueId id) {
    const Value& input = graph.value(id);
    put_value(out, input);
    out.put(input.shape);
    out.put_list(input.dim_names);
    out.put(on_host(input));
  });
  out.put_list(order, [&](NodeId id) {
    const Node& node = graph.node(id);
    out.put(std::string(node.layer->kind()));
    out.put(node.name);
    out.put(node.metadata);
    out.put_list(node.layer->fields(), [&](const Field& field) {
      out.put(std::string(field.name));
      put_field(out, weights, field.value);
    });
    out.put_list(node.inputs);
    out.put_list(node.outputs, [&](ValueId output) { put_value(out, graph.value(output)); });
  });
  out.put_list(graph.outputs());
  out.put_list(graph.shape_outputs());
  out.put_list(graph.debug_values());
}

Bytes write_graph(const Plan& plan, WeightsWriter& weights) {
  Writer out;
  put_graph(out, weights, plan.graph, plan.order, [&](const Value& input) { return plan.find(input.name)->on_host; });
  return out.take();
}

void put_body(Writer& out, WeightsWriter& weights, const Graph& body) {
  put_graph(out, weights, body, body.order(), [](const Value&) { return false; });
}

// Inputs that take host addresses are answered.
std::vector<ValueId> read_inputs(Cursor& in, Graph& graph) {
  std::vector<ValueId> host_inputs;
  for (auto left = in.get_count(8); left > 0; --left) {
    const auto name = in.get<std::string>();
    const auto dtype = in.get<DType>();
    const auto formats = in.get<uint32_t>();
    const ValueId id = graph.add_input(name, dtype, in.get<Shape>());
    graph.mutable_value(id).allowed_formats = formats;
    graph.mutable_value(id).dim_names = in.get_list<std::string>();
    if (in.get<bool>()) host_inputs.push_back(id);
  }
  return host_inputs;
}

void read_node(Cursor& in, const WeightsReader& weights, Graph& graph) {
  const auto kind = in.get<std::string>();
  auto name = in.get<std::string>(), metadata = in.get<std::string>();
  std::unique_ptr<Layer> layer = make_layer(kind);
  TORCHTRT_REQUIRE(kCorruptPlan, layer, "the plan has a layer \"", name, "\" of kind ", kind,
                   ", which this library does not know. It may be of a newer version: compile the model again");
  for (auto left = in.get_count(9); left > 0; --left) {
    const auto field = in.get<std::string>();
    const FieldValue value = get_field(in, weights);
    const auto* number = std::get_if<int64_t>(&value);
    TORCHTRT_REQUIRE(kCorruptPlan, !number || is_allowed(kind, field, *number), "the plan is damaged: ", kind,
                     " layer \"", name, "\" has ", field, ' ', *number);
    TORCHTRT_REQUIRE(kCorruptPlan, layer->set_field(field, value), kind, " layers have no attribute ", field);
  }
  const auto inputs = in.get_list<ValueId>();
  for (const ValueId input : inputs)
    TORCHTRT_REQUIRE(kCorruptPlan, input >= kNoId && input < graph.value_count(), "the plan is damaged: layer \"", name,
                     "\" uses a tensor that comes later");
  const NodeId id = graph.add_node(std::move(layer), inputs);
  graph.set_name(id, std::move(name));
  graph.mutable_node(id).metadata = std::move(metadata);
  TORCHTRT_REQUIRE(kCorruptPlan, in.get_count(20) == graph.node(id).outputs.size(), "the plan is damaged: layer \"",
                   graph.node(id).name, "\" has another number of outputs");
  for (const ValueId output : graph.node(id).outputs) get_value(in, graph, output);
}

// Answers the inputs that take host addresses.
std::vector<ValueId> get_graph(Cursor& in, const WeightsReader& weights, Graph& graph) {
  graph.rename(in.get<std::string>());
  const std::vector<ValueId> host_inputs = read_inputs(in, graph);
  for (auto left = in.get_count(48); left > 0; --left) read_node(in, weights, graph);
  for (const ValueId id : in.get_list<ValueId>()) graph.mark_output(id);
  for (const ValueId id : in.get_list<ValueId>()) graph.mark_shape_output(id);
  for (const ValueId id : in.get_list<ValueId>()) graph.mark_debug(id);
  if (const auto error = graph.first_shape_error()) TORCHTRT_THROW(kCorruptPlan, "the plan is damaged: ", *error);
  return host_inputs;
}

std::vector<ValueId> read_graph(Cursor in, const WeightsReader& weights, Graph& graph) {
  std::vector<ValueId> host_inputs = get_graph(in, weights, graph);
  in.finish();
  return host_inputs;
}

constexpr int kMaxDepth = 64;  // of bodies in bodies

GraphRef get_body(Cursor& in, const WeightsReader& weights) {
  static thread_local int depth = 0;
  struct Level {
    Level() { ++depth; }
    ~Level() { --depth; }
  } const level;
  TORCHTRT_REQUIRE(kCorruptPlan, depth <= kMaxDepth, "the plan is damaged: more than ", kMaxDepth,
                   " loops and conditionals in each other");
  auto body = std::make_shared<Graph>();
  get_graph(in, weights, *body);
  return body;
}

// ---- profiles

void put_range(Writer& out, const InputRange& range) {
  out.put(range.input);
  for (const auto* shape : {&range.min, &range.opt, &range.max}) out.put(**shape);
  out.put(range.min_values.has_value());
  if (!range.min_values) return;
  for (const auto* values : {&range.min_values, &range.opt_values, &range.max_values})
    out.put_list(values->value_or(std::vector<int64_t>{}));
}

InputRange get_range(Cursor& in) {
  InputRange range;
  range.input = in.get<std::string>();
  for (auto* shape : {&range.min, &range.opt, &range.max}) *shape = in.get<Shape>();
  if (in.get<bool>())
    for (auto* values : {&range.min_values, &range.opt_values, &range.max_values}) *values = in.get_list<int64_t>();
  return range;
}

Bytes write_profiles(const Plan& plan) {
  Writer out;
  out.put_list(plan.profiles, [&](const Profile& profile) {
    out.put_list(profile.inputs, [&](const InputRange& range) { put_range(out, range); });
  });
  return out.take();
}

std::vector<Profile> read_profiles(Cursor in) {
  std::vector<Profile> profiles(in.get_count(8));
  for (Profile& profile : profiles)
    for (auto left = in.get_count(33); left > 0; --left) profile.inputs.push_back(get_range(in));
  in.finish();
  TORCHTRT_REQUIRE(kCorruptPlan, !profiles.empty(), "the plan is damaged: it has no optimization profile");
  return profiles;
}

// ---- about

Bytes write_about(const Plan& plan) {
  Writer out;
  out.put(plan.name);
  out.put(plan.verbosity);
  out.put(plan.flags);
  out.put(plan.refittable);
  out.put(plan.unfused_debug);
  out.put(static_cast<int32_t>(plan.compatibility));
  return out.take();
}

void read_about(Cursor in, Plan& plan) {
  plan.name = in.get<std::string>();
  plan.verbosity = in.get<Verbosity>();
  plan.flags = in.get<uint64_t>();
  plan.refittable = in.get<bool>();
  plan.unfused_debug = in.get<bool>();
  plan.compatibility = in.get<int32_t>();
  in.finish();
}

std::shared_ptr<const Plan> read_sections(const std::map<SectionId, ByteSpan>& sections) {
  for (const SectionId id : {SectionId::kAbout, SectionId::kGraph, SectionId::kProfiles, SectionId::kWeights})
    TORCHTRT_REQUIRE(kCorruptPlan, sections.contains(id), "the plan is damaged: section ", static_cast<uint32_t>(id),
                     " is missing");
  auto plan = std::make_shared<Plan>();
  read_about(Cursor(sections.at(SectionId::kAbout)), *plan);
  const WeightsReader weights(sections.at(SectionId::kWeights));
  const std::vector<ValueId> host_inputs = read_graph(Cursor(sections.at(SectionId::kGraph)), weights, plan->graph);
  plan->profiles =
      complete_profiles(plan->graph, host_inputs, read_profiles(Cursor(sections.at(SectionId::kProfiles))));
  schedule(*plan, host_inputs);
  return plan;
}

}  // namespace

std::vector<std::byte> write_plan(const Plan& plan) {
  WeightsWriter weights;
  const Bytes graph = write_graph(plan, weights), profiles = write_profiles(plan), about = write_about(plan);
  return write_container({{SectionId::kGraph, graph},
                          {SectionId::kProfiles, profiles},
                          {SectionId::kAbout, about},
                          {SectionId::kWeights, weights.section()}});
}

std::shared_ptr<const Plan> read_plan(std::span<const std::byte> bytes) {
  const auto sections = read_container(bytes);
  try {
    return read_sections(sections);
  } catch (const Error& error) {
    throw Error(ErrorKind::kCorruptPlan, error.what());
  } catch (const std::bad_variant_access&) {
    TORCHTRT_THROW(kCorruptPlan, "the plan is damaged: an attribute of a layer has another type");
  }
}

}  // namespace torchtrt::engine

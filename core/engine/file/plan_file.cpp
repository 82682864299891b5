// Plans as files: about, graph, profiles, weights. A graph is read by building it again, so every rule is checked
// again.
#include "core/engine/file/plan_file.h"

#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <variant>

#include "core/engine/file/cursor.h"
#include "core/engine/file/enumerators.h"
#include "core/engine/file/weights_section.h"
#include "core/engine/plan/body.h"
#include "core/engine/plan/profile.h"
#include "core/engine/plan/refit.h"

namespace torchtrt::engine {
namespace {

// ---- fields of layers, by the index of their alternative in FieldValue

void put_body(Writer& out, WeightsWriter& weights, const Graph& body);
GraphRef get_body(Cursor& in, WeightsReader& weights);

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

FieldValue get_field(Cursor& in, WeightsReader& weights) {
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

// A refittable plan is written as the network it is made from.
Bytes write_graph(const Plan& plan, WeightsWriter& weights, bool keep_source) {
  Writer out;
  const Graph& graph = keep_source ? plan.source->graph : plan.graph;
  put_graph(out, weights, graph, graph.order(), [&](const Value& input) { return plan.find(input.name)->on_host; });
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

void read_node(Cursor& in, WeightsReader& weights, Graph& graph) {
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
std::vector<ValueId> get_graph(Cursor& in, WeightsReader& weights, Graph& graph) {
  graph.rename(in.get<std::string>());
  const std::vector<ValueId> host_inputs = read_inputs(in, graph);
  for (auto left = in.get_count(48); left > 0; --left) read_node(in, weights, graph);
  for (const ValueId id : in.get_list<ValueId>()) graph.mark_output(id);
  for (const ValueId id : in.get_list<ValueId>()) graph.mark_shape_output(id);
  for (const ValueId id : in.get_list<ValueId>()) graph.mark_debug(id);
  if (const auto error = graph.first_shape_error()) TORCHTRT_THROW(kCorruptPlan, "the plan is damaged: ", *error);
  return host_inputs;
}

std::vector<ValueId> read_graph(Cursor in, WeightsReader& weights, Graph& graph) {
  std::vector<ValueId> host_inputs = get_graph(in, weights, graph);
  in.finish();
  return host_inputs;
}

GraphRef get_body(Cursor& in, WeightsReader& weights) {
  static thread_local int depth = 0;
  struct Level {
    Level() { ++depth; }
    ~Level() { --depth; }
  } const level;
  TORCHTRT_REQUIRE(kCorruptPlan, depth <= kMaxBodyDepth, "the plan is damaged: more than ", kMaxBodyDepth,
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

Bytes write_about(const Plan& plan, bool keep_source) {
  Writer out;
  out.put(kEngineVersion);
  out.put(plan.version_compatible);
  out.put(plan.name);
  out.put(plan.verbosity);
  out.put(plan.flags);
  out.put(keep_source);
  out.put(plan.unfused_debug);
  out.put(static_cast<int32_t>(plan.compatibility));
  out.put(plan.weight_streaming);
  return out.take();
}

void read_about(Cursor in, Plan& plan) {
  const auto version = in.get<uint32_t>();
  plan.version_compatible = in.get<bool>();
  TORCHTRT_REQUIRE(kCorruptPlan, version == kEngineVersion || plan.version_compatible, "the plan is of version ",
                   version, " of the engine, this is version ", kEngineVersion,
                   ". Compile the model again, or build it with flag kVERSION_COMPATIBLE");
  plan.name = in.get<std::string>();
  plan.verbosity = in.get<Verbosity>();
  plan.flags = in.get<uint64_t>();
  plan.refittable = in.get<bool>();
  plan.unfused_debug = in.get<bool>();
  plan.compatibility = in.get<int32_t>();
  plan.weight_streaming = in.get<bool>();
  in.finish();
}

// ---- refit: what is known of the weights beyond the graph

Bytes write_refit(const RefitSource& source) {
  Writer out;
  out.put(static_cast<int32_t>(source.optimization_level));
  out.put(source.stripped);
  out.put_list(source.weights, [&](const RefittableWeights& weights) {
    out.put(static_cast<uint64_t>(weights.ordinal));
    out.put(weights.dtype);
  });
  return out.take();
}

// c1  weights that may be exchanged are among those of the graph, each once, in order
// c2  their type is the graph's, or a real one where that is float32
// c3  weights that are left out may be exchanged
void read_refit(Cursor in, const std::set<size_t>& absent, RefitSource& source) {
  source.optimization_level = in.get<int32_t>();
  source.stripped = in.get<bool>() || !absent.empty();
  std::map<size_t, RefittableWeights> all;
  visit_weights(source.graph, [&](size_t ordinal, const Node& node, std::string_view role, const Weights& weights) {
    all[ordinal] = {ordinal,       node.name,     std::string(role),       weights.name,
                    weights.dtype, weights.count, absent.contains(ordinal)};
  });
  size_t next = 0, absent_here = 0;
  for (auto left = in.get_count(16); left > 0; --left) {
    const auto ordinal = in.get<uint64_t>();
    const auto dtype = in.get<DType>();
    const auto found = all.find(ordinal);
    TORCHTRT_REQUIRE(kCorruptPlan, found != all.end() && ordinal >= next, "the plan is damaged: there are no weights ",
                     ordinal, " to exchange");  // c1
    RefittableWeights& weights = found->second;
    TORCHTRT_REQUIRE(kCorruptPlan, dtype == weights.dtype || (weights.dtype == DType::kFloat32 && is_floating(dtype)),
                     "the plan is damaged: weights ", ordinal, " have another type");  // c2
    weights.dtype = dtype;
    absent_here += weights.absent;
    source.weights.push_back(weights);
    next = ordinal + 1;
  }
  in.finish();
  TORCHTRT_REQUIRE(kCorruptPlan, absent_here == absent.size(),
                   "the plan is damaged: weights are left out that cannot be exchanged");  // c3
}

// Names in a damaged plan can be any bytes; loggers expect text.
std::string printable(std::string text) {
  for (char& c : text)
    if (c != '\n' && (c < ' ' || c > '~')) c = '?';
  return text;
}

std::shared_ptr<const Plan> read_sections(const std::map<SectionId, ByteSpan>& sections) {
  const auto section = [&](SectionId id) {
    TORCHTRT_REQUIRE(kCorruptPlan, sections.contains(id), "the plan is damaged: section ", static_cast<uint32_t>(id),
                     " is missing");
    return Cursor(sections.at(id));
  };
  auto plan = std::make_shared<Plan>();
  auto source = std::make_shared<RefitSource>();
  read_about(section(SectionId::kAbout), *plan);
  section(SectionId::kWeights);
  WeightsReader weights(sections.at(SectionId::kWeights));
  Graph& graph = plan->refittable ? source->graph : plan->graph;
  const std::vector<ValueId> host_inputs = read_graph(section(SectionId::kGraph), weights, graph);
  plan->profiles = complete_profiles(graph, host_inputs, read_profiles(section(SectionId::kProfiles)));
  if (!plan->refittable) {
    TORCHTRT_REQUIRE(kCorruptPlan, weights.absent().empty(), "the plan is damaged: weights are left out");
    schedule(*plan, host_inputs);
    return plan;
  }
  source->host_inputs = host_inputs;
  read_refit(section(SectionId::kRefit), weights.absent(), *source);
  plan->source = source;
  assemble_source(*plan);
  return plan;
}

}  // namespace

std::vector<std::byte> write_plan(const Plan& plan, bool keep_source, const CarriedLibraries& libraries) {
  keep_source = plan.source && (keep_source || plan.source->lacks_weights());
  std::set<size_t> absent;
  if (keep_source)
    for (const RefittableWeights& weights : plan.source->weights)
      if (weights.absent) absent.insert(weights.ordinal);
  WeightsWriter weights(std::move(absent));
  const Bytes graph = write_graph(plan, weights, keep_source), profiles = write_profiles(plan),
              about = write_about(plan, keep_source), refit = keep_source ? write_refit(*plan.source) : Bytes(),
              carried = write_libraries(libraries);
  std::map<SectionId, Section> sections{{SectionId::kGraph, graph},
                                        {SectionId::kProfiles, profiles},
                                        {SectionId::kAbout, about},
                                        {SectionId::kWeights, weights.section()}};
  if (keep_source) sections.emplace(SectionId::kRefit, refit);
  if (!libraries.empty()) sections.emplace(SectionId::kLibraries, carried);
  return write_container(sections);
}

std::shared_ptr<const Plan> read_plan(std::span<const std::byte> bytes, CarriedLibraries* libraries) {
  const auto sections = read_container(bytes);
  try {
    const auto carried = sections.find(SectionId::kLibraries);
    if (libraries && carried != sections.end()) *libraries = read_libraries(carried->second);
    return read_sections(sections);
  } catch (const Error& error) {
    throw Error(ErrorKind::kCorruptPlan, printable(error.what()));
  } catch (const std::bad_variant_access&) {
    TORCHTRT_THROW(kCorruptPlan, "the plan is damaged: an attribute of a layer has another type");
  } catch (const std::bad_alloc&) {
    throw;
  } catch (const std::exception& error) {  // of a layer that a pass has run
    TORCHTRT_THROW(kCorruptPlan, "the plan is damaged: ", printable(error.what()));
  }
}

}  // namespace torchtrt::engine

// Text about layers: the same facts per layer, printed as JSON or on one line.
#include "core/engine/api/layer_text.h"

#include <iomanip>

#include "core/engine/api/execution_context.h"
#include "core/engine/api/parameter_text.h"
#include "core/engine/api/text_writer.h"
#include "core/engine/layers/constant.h"

namespace torchtrt::engine::api {
namespace {

// What is told beside the plan: lengths and operators of a context, as far as it knows them.
struct Facts {
  const Plan& plan;
  std::vector<Shape> shapes;           // by ValueId; empty: those of the plan
  std::vector<std::string> operators;  // by NodeId; empty: not known

  Facts(const Plan& p, const ExecutionContext* context) : plan(p) {
    if (!context) return;
    operators = context->operators();
    try {
      shapes = context->shapes();
    } catch (const Error&) {  // shapes that do not go together are told like missing ones
    }
  }
  const Shape& shape(ValueId id) const {
    const auto i = static_cast<size_t>(id);
    return i < shapes.size() && shapes[i].is_valid() ? shapes[i] : plan.graph.value(id).shape;
  }
};

const Binding* binding_of(const Plan& plan, ValueId id) {
  for (const Binding& binding : plan.bindings)
    if (binding.value == id) return &binding;
  return nullptr;
}

std::string format_and_type(const Facts& facts, ValueId id) {
  const DType dtype = facts.plan.graph.stale_value(id).dtype;
  if (!facts.shape(id).is_known()) return "N/A due to dynamic shapes";
  const Binding* binding = binding_of(facts.plan, id);
  std::string text = format_text(binding ? binding->format : Format::kLinear, dtype);
  text.erase(text.rfind(" ("));
  if (!binding || binding->format == Format::kLinear) text.erase(text.rfind(" format"));
  return text;
}

void write_format(TextWriter& out, const Facts& facts, ValueId id) {
  const std::string text = format_and_type(facts, id);
  if constexpr (NV_TENSORRT_MAJOR >= 11) {
    const Binding* binding = binding_of(facts.plan, id);
    out.key("Format").text(facts.shape(id).is_known() ? row_of(binding ? binding->format : Format::kLinear).name
                                                      : text);
    out.key("Datatype").text(type_text(facts.plan.graph.stale_value(id).dtype));
  } else {
    out.key("Format/Datatype").text(text);
  }
}

void write_tensors(TextWriter& out, const Facts& facts, const std::vector<ValueId>& ids) {
  out.open('[');
  for (const ValueId id : ids) {
    if (id == kNoId) continue;
    const bool host = facts.plan.placement[static_cast<size_t>(id)] == Placement::kHost;
    out.open('{').key("Name").text(facts.plan.graph.stale_value(id).name);
    out.key("Location").text(host ? "Host" : "Device");
    out.key("Dimensions").list(facts.shape(id).lengths());
    write_format(out, facts, id);
    out.close('}');
  }
  out.close(']');
}

std::vector<std::string> constants_of(const Graph& graph, const Node& node) {
  std::vector<std::string> names;
  for (const ValueId id : node.inputs) {
    const NodeId producer = id == kNoId ? kNoId : graph.stale_value(id).producer;
    if (producer != kNoId && as<Constant>(*graph.node(producer).layer)) names.push_back(graph.stale_value(id).name);
  }
  return names;
}

// The operators that a run called; before the first run, the kernel that will choose them.
std::string tactic_of(const Facts& facts, NodeId id) {
  const auto i = static_cast<size_t>(id);
  if (i < facts.operators.size() && !facts.operators[i].empty()) return facts.operators[i];
  return join("torchtrt::", facts.plan.graph.node(id).layer->kind());
}

// A number that is equal for equal names.
std::string tactic_value(std::string_view name) {
  uint64_t hash = 14695981039346656037ull;  // FNV-1a
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ull;
  return join("0x", std::hex, std::setw(16), std::setfill('0'), hash);
}

void write_layer(TextWriter& out, const Facts& facts, NodeId id) {
  const Node& node = facts.plan.graph.node(id);
  out.key("Name").text(node.name).key("LayerType").text(node.layer->kind());
  write_tensors(out.key("Inputs"), facts, node.inputs);
  write_tensors(out.key("Outputs"), facts, node.outputs);
  write_parameters(out, facts.plan.graph, node);
  out.key("Origin").text(upper_snake(node.layer->kind()));
  out.key("Constants").texts(constants_of(facts.plan.graph, node));
  if (!as<Constant>(*node.layer)) {
    const std::string tactic = tactic_of(facts, id);
    out.key("TacticName").text(tactic).key("TacticValue").text(tactic_value(tactic));
  }
  out.key("StreamId").put("0").key("Metadata").text(node.metadata);
}

// A name alone, everything, or nothing.
void write_by_verbosity(TextWriter& out, const Facts& facts, NodeId id) {
  if (facts.plan.verbosity == Verbosity::kLayerNamesOnly) out.text(facts.plan.graph.node(id).name);
  if (facts.plan.verbosity != Verbosity::kDetailed) return;
  if (out.json()) out.open('{');
  write_layer(out, facts, id);
  if (out.json()) out.close('}');
}

// ---- the engine

// Names repeat for every profile.
void write_bindings(TextWriter& out, const Plan& plan) {
  out.key("Bindings").open('[');
  for (size_t profile = 0; profile < plan.profiles.size(); ++profile)
    for (const Binding& binding : plan.bindings)
      out.text(profile == 0 ? binding.name : join(binding.name, " [profile ", profile, ']'));
  out.close(']');
}

void write_range(TextWriter& out, const Binding& binding, const InputRange* range) {
  out.open('{');
  if (range) out.key("MinShape").list(*range->min).key("OptShape").list(*range->opt).key("MaxShape").list(*range->max);
  out.key("Format").text(row_of(binding.format).name).close('}');
}

// Instead of bindings from version 11 on.
void write_io_tensors(TextWriter& out, const Plan& plan) {
  out.key("I/O Tensors").open('[');
  for (const Binding& binding : plan.bindings) {
    out.open('{').key("Name").text(binding.name).key("IOMode").text(binding.is_input ? "Input" : "Output");
    out.key("DataType").text(type_text(binding.dtype)).key("Dimensions").list(binding.shape.lengths());
    out.key("Location").text(binding.on_host ? "Host" : "Device");
    out.key("IsShapeInferenceIO").put(binding.shape_inference ? "true" : "false").key("ProfileInfo").open('[');
    for (const Profile& profile : plan.profiles) write_range(out, binding, profile.find(binding.name));
    out.close(']').close('}');
  }
  out.close(']');
}

std::string layer_text(const Facts& facts, NodeId layer, bool json) {
  TextWriter out(json);
  write_by_verbosity(out, facts, layer);
  return out.take();
}

}  // namespace

std::string layer_text(const Plan& plan, NodeId layer, const ExecutionContext* context,
                       nv::LayerInformationFormat format) {
  return layer_text(Facts(plan, context), layer, format == nv::LayerInformationFormat::kJSON);
}

std::string engine_text(const Plan& plan, const ExecutionContext* context, nv::LayerInformationFormat format) {
  const Facts facts(plan, context);
  if (format == nv::LayerInformationFormat::kONELINE) {
    std::string lines;
    if (plan.verbosity == Verbosity::kNone) return lines;
    for (const NodeId id : plan.order) lines += layer_text(facts, id, false) + '\n';
    return lines;
  }
  TextWriter out(true);
  out.open('{').key("Layers").open('[');
  for (const NodeId id : plan.order) write_by_verbosity(out, facts, id);
  out.close(']');
  if (NV_TENSORRT_MAJOR >= 11)
    write_io_tensors(out, plan);
  else
    write_bindings(out, plan);
  out.close('}');
  return out.take();
}

}  // namespace torchtrt::engine::api

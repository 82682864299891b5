// Text about layers: one tree of facts per layer, printed as JSON or on one line.
#include "core/engine/api/layer_text.h"

#include <cmath>

#include "core/engine/api/twins.h"

namespace torchtrt::engine::api {
namespace {

using Format = nv::LayerInformationFormat;

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    const auto code = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (code < 0x20) {
      constexpr char kHex[] = "0123456789abcdef";
      out += "\\u00";
      out += kHex[code >> 4];
      out += kHex[code & 15];
    } else {
      out += c;
    }
  }
  return out + '"';
}

// Writes nested objects and arrays in either format.
class Writer {
 public:
  explicit Writer(Format format) : json_(format == Format::kJSON) {}

  Writer& open(char bracket) { return separate(), out_ += bracket, fresh_ = true, *this; }
  Writer& close(char bracket) { return out_ += bracket, fresh_ = false, *this; }
  Writer& key(std::string_view name) {
    separate();
    out_ += json_ ? quoted(name) : std::string(name);
    out_ += ": ";
    fresh_ = true;
    return *this;
  }
  Writer& text(std::string_view value) { return put(json_ ? quoted(value) : std::string(value)); }
  Writer& put(const std::string& value) { return separate(), out_ += value, fresh_ = false, *this; }
  template <class Range>
  Writer& numbers(const Range& range) {
    open('[');
    for (const auto& number : range) put(join(number));
    return close(']');
  }
  std::string take() { return std::move(out_); }

 private:
  void separate() {
    if (!fresh_) out_ += ", ";
    fresh_ = false;
  }
  bool json_;
  bool fresh_ = true;
  std::string out_;
};

void write_weights(Writer& out, const Weights& weights) {
  out.open('{').key("Type").text(name_of(weights.dtype)).key("Count").put(join(weights.count));
  if (!weights.name.empty()) out.key("Name").text(weights.name);
  out.close('}');
}

// JSON has neither infinities nor NaN.
std::string number(double value) { return std::isfinite(value) ? join(value) : quoted(join(value)); }

void write_value(Writer& out, const FieldValue& value);

void write_names(Writer& out, const Graph& graph, const std::vector<ValueId>& ids) {
  out.open('[');
  for (const ValueId id : ids)
    if (id != kNoId) out.text(graph.value(id).name);
  out.close(']');
}

// The layers of a loop's body or a conditional's branch.
void write_body(Writer& out, const Graph& body) {
  out.open('[');
  for (const NodeId id : body.order()) {
    const Node& node = body.node(id);
    out.open('{').key("Name").text(node.name).key("LayerType").text(node.layer->kind());
    write_names(out.key("Inputs"), body, node.inputs);
    write_names(out.key("Outputs"), body, node.outputs);
    for (const Field& field : node.layer->fields()) write_value(out.key(field.name), field.value);
    out.key("Metadata").text(node.metadata).close('}');
  }
  out.close(']');
}

void write_value(Writer& out, const FieldValue& value) {
  std::visit(
      [&](const auto& held) {
        using T = std::decay_t<decltype(held)>;
        if constexpr (std::is_same_v<T, std::monostate>)
          out.put("null");
        else if constexpr (std::is_same_v<T, bool>)
          out.put(held ? "true" : "false");
        else if constexpr (std::is_same_v<T, double>)
          out.put(number(held));
        else if constexpr (std::is_same_v<T, int64_t>)
          out.put(join(held));
        else if constexpr (std::is_same_v<T, std::string>)
          out.text(held);
        else if constexpr (std::is_same_v<T, Weights>)
          write_weights(out, held);
        else if constexpr (std::is_same_v<T, GraphRef>)
          write_body(out, *held);
        else
          out.numbers(held);
      },
      value);
}

// The lengths that the context has set or inferred; of inner tensors only the plan's.
std::vector<int64_t> lengths_of(const Plan& plan, ValueId id, const nv::IExecutionContext* context) {
  const Value& value = plan.graph.value(id);
  for (const Binding& binding : plan.bindings) {
    if (!context || binding.value != id) continue;
    const nv::Dims dims = context->getTensorShape(binding.name.c_str());
    if (dims.nbDims >= 0) return list_of_dims(dims);
  }
  return {value.shape.begin(), value.shape.end()};
}

void write_tensors(Writer& out, const Plan& plan, const std::vector<ValueId>& ids,
                   const nv::IExecutionContext* context) {
  out.open('[');
  for (const ValueId id : ids) {
    if (id == kNoId) continue;
    const Value& value = plan.graph.value(id);
    const bool host = plan.placement[static_cast<size_t>(id)] == Placement::kHost;
    out.open('{').key("Name").text(value.name).key("Location").text(host ? "Host" : "Device");
    out.key("Dimensions").numbers(lengths_of(plan, id, context));
    out.key("Format/Datatype").text(join("Row major linear ", name_of(value.dtype))).close('}');
  }
  out.close(']');
}

void write_layer(Writer& out, const Plan& plan, const Node& node, const nv::IExecutionContext* context) {
  out.open('{').key("Name").text(node.name).key("LayerType").text(node.layer->kind());
  write_tensors(out.key("Inputs"), plan, node.inputs, context);
  write_tensors(out.key("Outputs"), plan, node.outputs, context);
  out.key("ParameterType").text(node.layer->kind());
  for (const Field& field : node.layer->fields()) write_value(out.key(field.name), field.value);
  out.key("TacticName").text(join("aten_", node.layer->kind())).key("StreamId").put("0");
  out.key("Metadata").text(node.metadata).close('}');
}

// A name alone, everything, or nothing.
void write_by_verbosity(Writer& out, const Plan& plan, NodeId id, const nv::IExecutionContext* context) {
  const Node& node = plan.graph.node(id);
  if (plan.verbosity == Verbosity::kDetailed) return write_layer(out, plan, node, context);
  if (plan.verbosity == Verbosity::kLayerNamesOnly) out.text(node.name);
}

}  // namespace

std::string layer_text(const Plan& plan, NodeId layer, const nv::IExecutionContext* context, Format format) {
  Writer out(format);
  write_by_verbosity(out, plan, layer, context);
  return out.take();
}

std::string engine_text(const Plan& plan, const nv::IExecutionContext* context, Format format) {
  if (format == Format::kONELINE) {
    std::string lines;
    for (const NodeId id : plan.order) lines += layer_text(plan, id, context, format) + '\n';
    return lines;
  }
  Writer out(format);
  out.open('{').key("Layers").open('[');
  for (const NodeId id : plan.order) write_by_verbosity(out, plan, id, context);
  out.close(']').key("Bindings").open('[');
  for (const Binding& binding : plan.bindings) out.text(binding.name);
  out.close(']').close('}');
  return out.take();
}

}  // namespace torchtrt::engine::api

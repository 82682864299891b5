// Parameters of layers as text: a table of names where NVIDIA's differ from ours, the rest by rule.
#include "core/engine/api/parameter_text.h"

#include <algorithm>
#include <cctype>
#include <iterator>

#include "core/engine/file/enumerators.h"
#include "core/engine/layers/constant.h"

namespace torchtrt::engine::api {
namespace {

struct NameRow {
  std::string_view kind;  // empty: any
  std::string_view field, key;
};

constexpr NameRow kNames[] = {
    {"", "output_maps", "OutMaps"},
    {"", "kernel_size", "Kernel"},
    {"", "kernel", "Weights"},
    {"", "op", "Operation"},
    {"", "keep_dims", "KeepDimensions"},
    {"Activation", "type", "Activation"},
    {"Constant", "shape", "Dimensions"},
    {"Fill", "shape", "Dimensions"},
    {"MatrixMultiply", "op0", "MatrixOperation0"},
    {"MatrixMultiply", "op1", "MatrixOperation1"},
    {"Padding", "pre", "PrePadding"},
    {"Padding", "post", "PostPadding"},
    {"Pooling", "type", "PoolingType"},
    {"Shuffle", "reshape", "ReshapeDimensions"},
};

// By input, of layers that take their weights either way.
struct WeightsRow {
  std::string_view kind;
  size_t input;
  std::string_view key;
};
constexpr WeightsRow kWeights[] = {
    {"Convolution", 1, "Weights"}, {"Convolution", 2, "Bias"}, {"Deconvolution", 1, "Weights"},
    {"Deconvolution", 2, "Bias"},  {"Scale", 1, "Shift"},      {"Scale", 2, "Scale"},
    {"Scale", 3, "Power"},         {"Linear", 1, "Weights"},   {"Linear", 2, "Bias"},
    {"FusedLinear", 1, "Weights"}, {"FusedLinear", 2, "Bias"},
};

// "PrePadding" of "pre_padding"
std::string camel(std::string_view name) {
  std::string out;
  bool upper = true;
  for (const char c : name) {
    if (c != '_') out += upper ? static_cast<char>(std::toupper(static_cast<unsigned char>(c))) : c;
    upper = c == '_';
  }
  return out;
}

std::string key_of(std::string_view kind, std::string_view field) {
  const auto* row = std::find_if(std::begin(kNames), std::end(kNames), [&](const NameRow& r) {
    return r.field == field && (r.kind.empty() || r.kind == kind);
  });
  return row == std::end(kNames) ? camel(field) : std::string(row->key);
}

void write_weights(TextWriter& out, DType dtype, int64_t count) {
  out.open('{').key("Type").text(type_text(dtype)).key("Count").put(join(count)).close('}');
}

void write_body(TextWriter& out, const Graph& body);

struct ValueWriter {
  TextWriter& out;
  std::string_view kind, field;

  // What a plugin is written as.
  bool is_binary() const { return field == "data" && kind.starts_with("Plugin"); }
  void operator()(std::monostate) const { out.put("null"); }
  void operator()(bool value) const { out.put(value ? "true" : "false"); }
  void operator()(double value) const { out.number(value); }
  void operator()(const std::string& value) const { out.text(is_binary() ? join(value.size(), " bytes") : value); }
  void operator()(const Weights& value) const { write_weights(out, value.dtype, value.count); }
  void operator()(const GraphRef& value) const { write_body(out, *value); }
  template <class T>
  void operator()(const std::vector<T>& value) const {
    out.list(value);
  }
  void operator()(int64_t value) const {
    const std::string_view name = enumerator_name(kind, field, value);
    if (name.empty()) {
      out.put(join(value));
    } else if (is_dtype_field(kind, field)) {
      out.text(type_text(static_cast<DType>(value)));
    } else {
      out.text(join('k', upper_snake(name.substr(1))));
    }
  }
};

void write_fields(TextWriter& out, const Layer& layer) {
  for (const Field& field : layer.fields())
    if (const auto* weights = std::get_if<Weights>(&field.value); !weights || !weights->empty())
      std::visit(ValueWriter{out.key(key_of(layer.kind(), field.name)), layer.kind(), field.name}, field.value);
}

std::vector<std::string> names_of(const Graph& graph, const std::vector<ValueId>& ids) {
  std::vector<std::string> names;
  for (const ValueId id : ids)
    if (id != kNoId) names.push_back(graph.stale_value(id).name);
  return names;
}

// The layers of a loop's body or a conditional's branch.
void write_body(TextWriter& out, const Graph& body) {
  out.open('[');
  for (const NodeId id : body.order()) {
    const Node& node = body.node(id);
    out.open('{').key("Name").text(node.name).key("LayerType").text(node.layer->kind());
    out.key("Inputs").texts(names_of(body, node.inputs)).key("Outputs").texts(names_of(body, node.outputs));
    write_parameters(out, body, node);
    out.key("Metadata").text(node.metadata).close('}');
  }
  out.close(']');
}

const Constant* constant_at(const Graph& graph, const Node& node, size_t input) {
  if (input >= node.inputs.size() || node.inputs[input] == kNoId) return nullptr;
  const NodeId producer = graph.stale_value(node.inputs[input]).producer;
  return producer == kNoId ? nullptr : as<Constant>(*graph.node(producer).layer);
}

}  // namespace

const char* type_text(DType dtype) {
  switch (dtype) {
    case DType::kFloat32:
      return "Float";
    case DType::kFloat16:
      return "Half";
    case DType::kBFloat16:
      return "BFloat16";
    case DType::kInt8:
      return "Int8";
    case DType::kInt32:
      return "Int32";
    case DType::kInt64:
      return "Int64";
    case DType::kBool:
      return "Bool";
    case DType::kUInt8:
      return "UInt8";
    case DType::kFloat8:
      return "FP8";
    case DType::kInt4:
      return "Int4";
    case DType::kFloat4:
      return "FP4";
    case DType::kE8M0:
      return "E8M0";
    default:
      return "Unknown";
  }
}

std::string upper_snake(std::string_view name) {
  std::string out;
  for (size_t i = 0; i < name.size(); ++i) {
    const auto c = static_cast<unsigned char>(name[i]);
    const bool starts = i > 0 && std::isupper(c) && std::islower(static_cast<unsigned char>(name[i - 1]));
    if (starts) out += '_';
    out += static_cast<char>(std::toupper(c));
  }
  return out;
}

void write_parameters(TextWriter& out, const Graph& graph, const Node& node) {
  out.key("ParameterType").text(node.layer->kind());
  write_fields(out, *node.layer);
  for (const WeightsRow& row : kWeights)
    if (row.kind == node.layer->kind())
      if (const Constant* constant = constant_at(graph, node, row.input))
        write_weights(out.key(row.key), constant->weights.dtype, constant->weights.count);
}

}  // namespace torchtrt::engine::api

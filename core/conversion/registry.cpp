// Look-up by operator name, and the judgements that hold for every operator.
#include "core/conversion/registry.h"

#include <torch/csrc/jit/ir/constants.h>

#include <map>

#include "core/ir/origin.h"
#include "core/ir/torch_dtype.h"
#include "core/util/error.h"
#include "core/util/log.h"

namespace torchtrt::conversion {
namespace {

std::map<std::string, Converter>& table() {
  static std::map<std::string, Converter> converters;
  return converters;
}

// A list is known where it is built in the graph from tensors of known shape.
std::string reason_against_list(const torch::jit::Value* list, const ir::TypedGraph& graph);

std::string reason_against_value(const torch::jit::Value* value, const ir::TypedGraph& graph) {
  if (torch::jit::toIValue(value) && !torch::jit::toIValue(value)->isTensor()) return "";
  if (value->type()->kind() == c10::TypeKind::ListType) return reason_against_list(value, graph);
  const ir::Fact fact = graph.fact(value);
  if (!value->type()->isSubtypeOf(*c10::TensorType::get()))
    return is_evaluated(*value->node(), graph) ? ""
                                               : join("the number %", value->debugName(), " is computed from data");
  if (!fact.is_known()) return join("the shape of %", value->debugName(), " depends on data");
  if (!fact.is_tensor()) return "";
  const at::Tensor& tensor = fact.tensor();
  if (!has_carrier(tensor.scalar_type())) return join("TensorRT has no type for ", ir::name_of(tensor.scalar_type()));
  if (tensor.dim() > nvinfer1::Dims::MAX_DIMS) return join("rank ", tensor.dim(), " is above TensorRT's 8");
  return "";
}

std::string reason_against_list(const torch::jit::Value* list, const ir::TypedGraph& graph) {
  if (list->node()->kind() != c10::prim::ListConstruct)
    return join("the list %", list->debugName(), " is of unknown length");
  for (const auto* item : list->node()->inputs())
    if (auto reason = reason_against_value(item, graph); !reason.empty()) return reason;
  return "";
}

// Results: tensors, or one list that is taken apart.
std::string reason_against_result(const torch::jit::Value* value, const ir::TypedGraph& graph) {
  if (value->type()->kind() != c10::TypeKind::ListType)
    return value->hasUses() ? reason_against_value(value, graph) : "";
  for (const auto& use : value->uses()) {
    if (use.user->kind() != c10::prim::ListUnpack) return "its list of results is of unknown length";
    for (const auto* item : use.user->outputs())
      if (auto reason = reason_against_value(item, graph); !reason.empty()) return reason;
  }
  return "";
}

}  // namespace

void register_converter(const std::string& op, Converter converter) {
  const auto found = table().find(op);
  if (found != table().end() && converter.user && found->second.user)
    log(LogLevel::kWarning, join("The converter of ", op, " is replaced by a later registration"));
  table()[op] = std::move(converter);
}

const Converter* find_converter(const torch::jit::Node& node) {
  const auto found = table().find(ir::operator_name(node));
  return found == table().end() ? nullptr : &found->second;
}

std::vector<std::string> converted_operators() {
  std::vector<std::string> names;
  for (const auto& [name, converter] : table()) names.push_back(name);
  return names;
}

std::string reason_against(const torch::jit::Node& node, const ir::TypedGraph& graph) {
  if (is_evaluated(node, graph)) return "";
  const Converter* converter = find_converter(node);
  if (!converter) return "there is no converter for it";
  for (const auto* input : node.inputs())
    if (auto reason = reason_against_value(input, graph); !reason.empty()) return reason;
  for (const auto* output : node.outputs())
    if (auto reason = reason_against_result(output, graph); !reason.empty()) return reason;
  return converter->refuse ? converter->refuse(Query(node, graph)) : "";
}

const torch::jit::Value* Query::input(const char* name) const {
  const auto index = node_.schema().argumentIndexWithName(name);
  TORCHTRT_REQUIRE(kInternal, index, ir::operator_name(node_), " has no argument '", name, "'");
  return node_.input(*index);
}

std::optional<c10::IValue> Query::constant(const char* name) const { return torch::jit::toIValue(input(name)); }

bool Query::known(const char* name) const {
  const auto* value = input(name);
  if (torch::jit::toIValue(value)) return true;
  if (value->node()->kind() != c10::prim::ListConstruct) return false;
  for (const auto* item : value->node()->inputs())
    if (!torch::jit::toIValue(item)) return false;
  return true;
}

bool Query::is_none(const char* name) const {
  const auto value = constant(name);
  return value && value->isNone();
}

at::ScalarType Query::dtype(const char* name) const {
  const ir::Fact fact = graph_.fact(input(name));
  return fact.is_tensor() ? fact.tensor().scalar_type() : at::ScalarType::Undefined;
}

int64_t Query::rank(const char* name) const {
  const ir::Fact fact = graph_.fact(input(name));
  return fact.is_tensor() ? fact.tensor().dim() : 0;
}

at::ScalarType Query::result(size_t i) const {
  const ir::Fact fact = graph_.fact(node_.output(i));
  return fact.is_tensor() ? fact.tensor().scalar_type() : at::ScalarType::Undefined;
}

}  // namespace torchtrt::conversion

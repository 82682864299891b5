// Follows an input through operators that keep its type, to the first that says what it is.
#include "core/lowering/input_dtypes.h"

#include <torch/csrc/jit/ir/constants.h>

#include <functional>
#include <set>

#include "core/ir/origin.h"
#include "core/ir/structure.h"
#include "core/ir/torch_dtype.h"
#include "core/util/error.h"

namespace torchtrt::lowering {
namespace {

using torch::jit::Node;
using torch::jit::Value;

// What the consumers of one input say.
struct Evidence {
  const Node* index_use = nullptr;
  DType weight = DType::kNone;
};

// Argument that is an index, by operator.
int index_argument(const std::string& name) {
  static const std::unordered_map<std::string, int> table = {
      {"aten::embedding", 1}, {"aten::index_select", 2}, {"aten::gather", 2}, {"aten::scatter", 2},
      {"aten::one_hot", 0},   {"aten::scatter_add", 2},  {"aten::take", 1},   {"aten::embedding_bag", 1}};
  const auto row = table.find(name);
  return row == table.end() ? -1 : row->second;
}

bool keeps_type(const std::string& name) {
  static const std::set<std::string> kKeeps = {
      "aten::view",    "aten::reshape",    "aten::flatten",         "aten::permute",     "aten::transpose",
      "aten::squeeze", "aten::unsqueeze",  "aten::expand",          "aten::slice",       "aten::select",
      "aten::narrow",  "aten::repeat",     "aten::clone",           "aten::flip",        "aten::chunk",
      "aten::split",   "prim::ListUnpack", "aten::constant_pad_nd", "aten::t",           "aten::relu",
      "aten::cat",     "aten::stack",      "prim::ListConstruct",   "aten::index_select"};
  return kKeeps.count(name) > 0;
}

DType weight_type(const Node& node) {
  const std::string name = node.kind().toQualString();
  if (name != "aten::convolution" && name != "aten::linear") return DType::kNone;
  const auto weight = torch::jit::toIValue(node.input(1));
  if (!weight || !weight->isTensor() || !c10::isFloatingType(weight->toTensor().scalar_type())) return DType::kNone;
  return ir::dtype_of(weight->toTensor().scalar_type());
}

void gather(const Value* value, std::set<const Value*>& seen, Evidence& evidence) {
  if (!seen.insert(value).second) return;
  for (const auto& use : value->uses()) {
    const std::string name = use.user->kind().toQualString();
    const bool in_index_list = name == "prim::ListConstruct" && !use.user->output()->uses().empty() &&
                               use.user->output()->uses()[0].user->kind() == c10::aten::index;
    if (in_index_list || static_cast<int>(use.offset) == index_argument(name)) {
      if (!evidence.index_use) evidence.index_use = in_index_list ? use.user->output()->uses()[0].user : use.user;
      continue;
    }
    if (use.offset == 0 && evidence.weight == DType::kNone) evidence.weight = weight_type(*use.user);
    if (keeps_type(name) && !(name == "aten::index_select" && use.offset != 0))
      for (const Value* output : use.user->outputs()) gather(output, seen, evidence);
  }
}

// The value of every flat input; null where it sits in a container.
void flat_values(const ir::Structure& structure, Value* value, std::vector<Value*>& values) {
  if (structure.is_tensor()) values.at(structure.index) = value;
  for (size_t i = 0; i < structure.items.size(); ++i) {
    Value* inner = nullptr;
    if (value)
      for (const auto& use : value->uses())
        if (use.user->kind() == c10::prim::TupleUnpack) inner = use.user->output(i);
    flat_values(structure.items[i], inner, values);
  }
}

}  // namespace

void infer_input_dtypes(const Lowered& lowered, const std::vector<size_t>& list_lengths,
                        std::vector<ir::Input>& inputs) {
  const auto arguments = ir::fold_arguments(lowered.schema, inputs.size(), list_lengths);
  std::vector<Value*> values(inputs.size(), nullptr);
  for (size_t i = 0; i < arguments.size(); ++i) flat_values(arguments[i], lowered.graph->inputs().at(i), values);
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (inputs[i].dtype_declared || !values[i]) continue;
    Evidence evidence;
    std::set<const Value*> seen;
    gather(values[i], seen, evidence);
    TORCHTRT_REQUIRE(kInvalidArgument, !evidence.index_use, "Cannot determine the dtype of input '",
                     values[i]->debugName(), "' (first use: ", ir::operator_name(*evidence.index_use),
                     ", an index)\n  at ", ir::where(*evidence.index_use),
                     "\n  Declare it: torch_tensorrt.Input(shape, dtype=torch.int64).");
    if (evidence.weight != DType::kNone) inputs[i].dtype = evidence.weight;
  }
}

}  // namespace torchtrt::lowering

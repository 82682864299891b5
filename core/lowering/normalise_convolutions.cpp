// Every convolution becomes aten::convolution(input, weight, bias, stride, padding, dilation, transposed,
// output_padding, groups).
#include <torch/csrc/jit/ir/constants.h>

#include "core/lowering/passes.h"

namespace torchtrt::lowering {
namespace {

using torch::jit::Node;
using torch::jit::Value;

const c10::Symbol kConvolutionMode = c10::Symbol::fromQualString("aten::_convolution_mode");
const c10::Symbol kConvolution = c10::Symbol::fromQualString("aten::convolution");

// Spatial axes and direction of a named form, 0 where `kind` is none.
struct Form {
  int axes;
  bool transposed;
};

Form form_of(c10::Symbol kind) {
  static const std::unordered_map<c10::Symbol, Form> table = {
      {c10::aten::conv1d, {1, false}},          {c10::aten::conv2d, {2, false}},
      {c10::aten::conv3d, {3, false}},          {c10::aten::conv_transpose1d, {1, true}},
      {c10::aten::conv_transpose2d, {2, true}}, {c10::aten::conv_transpose3d, {3, true}},
  };
  const auto row = table.find(kind);
  return row == table.end() ? Form{0, false} : row->second;
}

Value* zeros(torch::jit::Graph& graph, int axes) { return graph.insertConstant(std::vector<int64_t>(axes, 0)); }

// padding="valid" or "same" of conv2d.padding as numbers; null where "same" would pad unevenly.
Value* named_padding(Node* node, int axes) {
  const auto name = torch::jit::toIValue(node->input(4));
  if (!name || !name->isString()) return nullptr;
  if (name->toStringRef() == "valid") return zeros(*node->owningGraph(), axes);
  const auto weight = torch::jit::toIValue(node->input(1));
  const auto dilation = torch::jit::constant_as<c10::List<int64_t>>(node->input(5));
  if (!weight || !weight->isTensor() || !dilation) return nullptr;
  std::vector<int64_t> padding;
  for (int axis = 0; axis < axes; ++axis) {
    const int64_t step = dilation->get(dilation->size() == 1 ? 0 : axis);
    const int64_t total = step * (weight->toTensor().size(axis + 2) - 1);
    if (total % 2 != 0) return nullptr;
    padding.push_back(total / 2);
  }
  return node->owningGraph()->insertConstant(padding);
}

int axes_of_weight(Node* node) {
  const auto weight = torch::jit::toIValue(node->input(1));
  return weight && weight->isTensor() ? static_cast<int>(weight->toTensor().dim()) - 2 : 0;
}

// _convolution has our nine arguments first, then flags for backends.
std::vector<Value*> arguments(Node* node) {
  if (node->kind() == c10::aten::_convolution) return {node->inputs().begin(), node->inputs().begin() + 9};
  const Form form = node->kind() == kConvolutionMode ? Form{axes_of_weight(node), false} : form_of(node->kind());
  if (form.axes < 1) return {};
  auto& graph = *node->owningGraph();
  Value* no = graph.insertConstant(form.transposed);
  if (form.transposed)  // input weight bias stride padding output_padding groups dilation
    return {node->input(0), node->input(1), node->input(2), node->input(3), node->input(4), node->input(7), no,
            node->input(5), node->input(6)};
  Value* padding = node->input(4);
  if (padding->type()->kind() == c10::TypeKind::StringType) padding = named_padding(node, form.axes);
  if (!padding) return {};
  return {node->input(0),          node->input(1), node->input(2), node->input(3), padding, node->input(5), no,
          zeros(graph, form.axes), node->input(6)};
}

}  // namespace

// Valid always; "same" padding that is uneven stays as it is and runs in PyTorch.
void normalise_convolutions(GraphPtr& graph) {
  for_each_node(graph->block(), [](Node* node) {
    const bool named = node->kind() == c10::aten::_convolution || node->kind() == kConvolutionMode;
    if (!named && form_of(node->kind()).axes == 0) return;
    torch::jit::WithInsertPoint guard(node);
    const auto inputs = arguments(node);
    if (inputs.empty()) return;
    auto* convolution = node->owningGraph()->create(kConvolution, inputs)->copyMetadata(node)->insertBefore(node);
    convolution->output()->copyMetadata(node->output());
    node->output()->replaceAllUsesWith(convolution->output());
    node->destroy();
  });
}

}  // namespace torchtrt::lowering

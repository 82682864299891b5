// f(Constant, ...)  ->  Constant
//
// Valid for layers whose result their inputs alone determine; computed by the layer's own kernel, on the CPU. Results
// much larger than what they are computed from stay: the plan would grow. So does what dequantizes weights; a loaded
// plan computes it once (exec/dequantized.h).
#include <ATen/ops/from_blob.h>
#include <c10/core/InferenceMode.h>
#include <c10/util/Exception.h>

#include "core/engine/layers/dequantize.h"
#include "core/engine/layers/fill.h"
#include "core/engine/layers/kernel.h"
#include "core/engine/layers/plugin.h"
#include "core/engine/layers/reformat.h"
#include "core/engine/passes/list.h"
#include "core/engine/passes/rewrite.h"

namespace torchtrt::engine {
namespace {

constexpr int64_t kMaxGrowth = 1 << 20;  // bytes beyond four times the inputs

bool is_constant(const Graph& graph, ValueId value) { return producer_as<Constant>(graph, value) != nullptr; }

// Fills make something out of nothing: linear ones are small or better kept small, random ones differ.
bool is_candidate(const Graph& graph, const Node& node) {
  if (node.outputs.empty() || node.inputs.empty() || as<Constant>(*node.layer) || as<Fill>(*node.layer)) return false;
  if (as<Reformat>(*node.layer)) return false;  // reads memory of another layout than a constant's
  if (as<Dequantize>(*node.layer) || as_plugin(*node.layer) || node.layer->has_effect()) return false;
  int64_t bytes_in = 0, bytes_out = 0;
  for (const ValueId input : node.inputs) {
    if (input == kNoId) continue;
    if (!is_constant(graph, input)) return false;
    bytes_in += producer_as<Constant>(graph, input)->weights.bytes();
  }
  for (const ValueId output : node.outputs) {
    const Value& value = graph.value(output);
    if (!value.shape.is_known() || graph.is_shape_output(output)) return false;
    if (value.dtype == DType::kUInt8) return false;  // no constants of this type exist
    bytes_out += bytes_of(value.dtype, value.shape.volume());
  }
  return bytes_out <= 4 * bytes_in + kMaxGrowth;
}

struct Arguments {
  std::vector<at::Tensor> tensors;
  std::vector<const at::Tensor*> inputs;
  std::vector<const HostValue*> values;
  std::vector<Shape> shapes;
  Types types;
  Operands operands;
  bool packed = false;  // some input or output is
};

at::Tensor tensor_of(const Constant& constant, const Shape& shape) {
  const Shape stored = storage_shape_of(constant.weights.dtype, shape);
  return at::from_blob(const_cast<void*>(constant.weights.data), c10::IntArrayRef(stored.begin(), stored.end()),
                       at::TensorOptions(storage_type_of(constant.weights.dtype)));
}

Arguments arguments_of(const Graph& graph, const Node& node) {
  Arguments args;
  for (const ValueId input : node.inputs)
    args.tensors.push_back(input == kNoId ? at::Tensor()
                                          : tensor_of(*producer_as<Constant>(graph, input), graph.value(input).shape));
  for (size_t i = 0; i < node.inputs.size(); ++i) {
    const ValueId input = node.inputs[i];
    args.inputs.push_back(input == kNoId ? nullptr : &args.tensors[i]);
    args.values.push_back(input != kNoId && graph.value(input).host ? &*graph.value(input).host : nullptr);
    args.operands.types.push_back(input == kNoId ? DType::kNone : graph.value(input).dtype);
    args.operands.shapes.push_back(input == kNoId ? Shape::invalid() : graph.value(input).shape);
    args.packed = args.packed || (input != kNoId && is_packed(graph.value(input).dtype));
  }
  for (const ValueId output : node.outputs) {
    args.shapes.push_back(graph.value(output).shape);
    args.types.push_back(graph.value(output).dtype);
    args.packed = args.packed || is_packed(graph.value(output).dtype);
  }
  return args;
}

// Empty where the kernel cannot, or a host input is not known.
std::vector<at::Tensor> run_node(const Graph& graph, const Node& node) {
  const KernelFunction kernel = find_kernel(node.layer->kind());
  if (!kernel) return {};
  Arguments args = arguments_of(graph, node);
  for (size_t i = 0; i < node.inputs.size(); ++i)
    if (names_input(node.layer->host_inputs(), i) && node.inputs[i] != kNoId && !args.values[i]) return {};
  std::vector<at::Tensor> results(node.outputs.size());
  Call call(args.inputs, results, args.shapes, args.values, args.types, at::kCPU,
            args.packed ? &args.operands : nullptr);
  kernel(*node.layer, call);
  // Results may be views of the inputs' memory, which is not theirs.
  for (at::Tensor& result : results) result = result.clone(at::MemoryFormat::Contiguous);
  return results;
}

Weights weights_of(const at::Tensor& tensor, const Value& value) {
  auto owner = std::make_shared<at::Tensor>(tensor);
  return {value.dtype, value.shape.volume(), tensor.const_data_ptr(), owner, ""};
}

}  // namespace

bool fold_constants(Graph& graph) {
  c10::InferenceMode inference;
  bool changed = false;
  for (const NodeId id : graph.order()) {
    if (!is_candidate(graph, graph.node(id))) continue;
    const std::vector<at::Tensor> results = run_node(graph, graph.node(id));
    for (size_t i = 0; i < results.size(); ++i) {
      const ValueId old = graph.node(id).outputs[i];
      const Value value = graph.value(old);
      take_over(graph, old, add_constant(graph, weights_of(results[i], value), value.shape, value.name));
      changed = true;
    }
  }
  return changed;
}

}  // namespace torchtrt::engine

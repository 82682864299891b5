// Walks the nodes of a segment once, then builds.
#include "core/conversion/convert.h"

#include <torch/csrc/jit/ir/constants.h>

#include <set>

#include "core/conversion/build_config.h"
#include "core/conversion/builder.h"
#include "core/conversion/evaluators/sizes.h"
#include "core/conversion/registry.h"
#include "core/ir/origin.h"
#include "core/ir/torch_dtype.h"
#include "core/util/error.h"

namespace torchtrt::conversion {
namespace {

using torch::jit::Node;
using torch::jit::Value;

class Conversion {
 public:
  Conversion(const ir::TypedGraph& graph, const Segment& segment, nvinfer1::INetworkDefinition& network)
      : graph_(graph), segment_(segment), network_(network), builder_(network, graph.names) {}

  void run() {
    for (size_t i = 0; i < segment_.inputs.size(); ++i) add_input(segment_.inputs[i], segment_.input_names.at(i));
    for (const Node* node : segment_.nodes) convert_node(*node);
    for (size_t i = 0; i < segment_.outputs.size(); ++i) mark_output(segment_.outputs[i], segment_.output_names.at(i));
  }

 private:
  void add_input(const Value* value, const std::string& name) {
    const ir::Fact fact = graph_.fact(value);
    TORCHTRT_REQUIRE(kInternal, fact.is_tensor(), "input '", name, "' of a segment is no tensor of known shape");
    const at::ScalarType dtype = fact.tensor().scalar_type();
    builder_.enter(join("input_", name), join("input '", name, "'"));
    auto* itensor = network_.addInput(name.c_str(), binding_of(dtype), to_dims(fact.sizes()));
    TORCHTRT_REQUIRE(kInvalidConfig, itensor, "The network refuses input '", name, "': ", ir::name_of(dtype));
    Tensor x{itensor, dtype};
    if (binding_of(dtype) != carrier_of(dtype))
      x = builder_.out(builder_.added(network_.addCast(*itensor, carrier_of(dtype)), "cast"), dtype);
    set(value, x);
  }

  // A result in the binding's type. A network input or constant cannot be an output itself, nor one tensor two outputs.
  void mark_output(const Value* value, const std::string& name) {
    const Operand operand = operand_of(value);
    Tensor x = builder_.tensor(operand);
    const at::ScalarType dtype = graph_.fact(value).tensor().scalar_type();
    builder_.enter(join("output_", name), join("output '", name, "'"));
    if (binding_of(dtype) != carrier_of(dtype)) {
      x.itensor = builder_.added(network_.addCast(*x.itensor, binding_of(dtype)), "cast").getOutput(0);
    } else if (x.itensor->isNetworkInput() || x.itensor->isNetworkOutput() || !operand.tensor) {
      x = builder_.out(builder_.added(network_.addIdentity(*x.itensor), "identity"), dtype);
    }
    x.itensor->setName(name.c_str());
    network_.markOutput(*x.itensor);
  }

  Operand operand_of(const Value* value) {
    const auto found = values_.find(value);
    if (found != values_.end()) return found->second;
    const auto constant = torch::jit::toIValue(value);
    if (constant) {
      Operand operand;
      operand.constant = *constant;
      if (constant->isTensor() && constant->toTensor().defined()) operand.like = ir::without_data(constant->toTensor());
      return operand;
    }
    // A number of another segment: made again here.
    TORCHTRT_REQUIRE(kInternal, is_evaluated(*value->node(), graph_), "value %", value->debugName(),
                     " is not in the segment");
    convert_node(*value->node());
    return values_.at(value);
  }

  void set(const Value* value, Tensor tensor) {
    Operand operand;
    operand.tensor = tensor;
    operand.like = graph_.fact(value).tensor();
    values_[value] = std::move(operand);
  }

  void convert_node(const Node& node) {
    if (node.kind() == c10::prim::Constant) return;
    std::vector<Operand> inputs;
    for (const Value* input : node.inputs()) inputs.push_back(operand_of(input));
    if (node.kind() == c10::prim::ListConstruct) {
      Operand list;
      list.is_list = true;
      list.items = std::move(inputs);
      values_[node.output()] = std::move(list);
      return;
    }
    if (node.kind() == c10::prim::ListUnpack) return;  // its results were set with the list
    builder_.enter(layer_name(node), ir::where(node));
    if (evaluates(node)) {
      Operand result = evaluate(builder_, node, inputs);
      if (node.output()->type()->isSubtypeOf(*c10::TensorType::get()))
        result.like = graph_.fact(node.output()).tensor();
      values_[node.output()] = std::move(result);
      return;
    }
    convert_operator(node, std::move(inputs));
  }

  void convert_operator(const Node& node, std::vector<Operand> inputs) {
    const Converter* converter = find_converter(node);
    TORCHTRT_REQUIRE(kInternal, converter, "no converter for ", ir::operator_name(node));
    const auto results = result_values(node);
    std::vector<ir::Fact> facts;
    for (const Value* result : results) facts.push_back(graph_.fact(result));
    const auto tensors = converter->convert(builder_, Call(builder_, node, std::move(inputs), facts));
    TORCHTRT_REQUIRE(kInternal, tensors.size() == results.size(), ir::operator_name(node), ": the converter gives ",
                     tensors.size(), " results, ", results.size(), " expected");
    for (size_t i = 0; i < results.size(); ++i)
      if (tensors[i].itensor) set(results[i], checked(node, tensors[i], facts[i]));
  }

  // The outputs, or the elements of the list that the node returns.
  static std::vector<const Value*> result_values(const Node& node) {
    if (node.outputs().size() != 1 || !node.output()->type()->cast<c10::ListType>())
      return {node.outputs().begin(), node.outputs().end()};
    for (const auto& use : node.output()->uses())
      if (use.user->kind() == c10::prim::ListUnpack) return {use.user->outputs().begin(), use.user->outputs().end()};
    return {};
  }

  // The contract: after each converter the tensor has the type and rank that torch gives. A difference in type is cast
  // right here; a difference in rank is our fault.
  Tensor checked(const Node& node, Tensor tensor, const ir::Fact& fact) {
    const at::Tensor& expected = fact.tensor();
    TORCHTRT_REQUIRE(kInternal, tensor.rank() == expected.dim(), ir::operator_name(node), ": the converter gives rank ",
                     tensor.rank(), ", torch gives ", expected.dim(), "\n  at ", ir::where(node));
    tensor = builder_.cast(tensor, expected.scalar_type());
    TORCHTRT_REQUIRE(kDtypeContract, tensor.itensor->getType() == carrier_of(expected.scalar_type()),
                     ir::operator_name(node), ": the network has another type than ",
                     ir::name_of(expected.scalar_type()), "\n  at ", ir::where(node));
    return tensor;
  }

  static std::string layer_name(const Node& node) {
    const auto modules = ir::modules_of(node);
    const std::string path = modules.empty() ? "" : modules.back().path;
    const std::string op = node.kind().toUnqualString();
    return path.empty() ? op : join(path, "/", op);
  }

  const ir::TypedGraph& graph_;
  const Segment& segment_;
  nvinfer1::INetworkDefinition& network_;
  Builder builder_;
  std::unordered_map<const Value*, Operand> values_;
};

at::ScalarType binding_dtype(const ir::TypedGraph& graph, const Value* value) {
  const at::ScalarType dtype = graph.fact(value).tensor().scalar_type();
  return dtype == at::kDouble ? at::kFloat : dtype;
}

}  // namespace

bool is_evaluated(const Node& node, const ir::TypedGraph& graph) {
  if (node.kind() == c10::prim::Constant || node.kind() == c10::prim::ListConstruct ||
      node.kind() == c10::prim::ListUnpack)
    return true;
  if (node.outputs().size() != 1) return false;
  // Tracing writes arithmetic on sizes with 0-dim tensors: those whose samples have values are numbers too.
  const ir::Fact fact = graph.fact(node.output());
  if (evaluates(node)) return fact.is_known() && !(fact.is_tensor() && fact.tensor().is_meta());
  return find_converter(node) && fact.is_tensor() && !fact.tensor().is_meta() && fact.tensor().dim() == 0;
}

bool is_supported(const Node& node) {
  static const std::set<std::string> kSpecialised = {"prim::TupleConstruct",
                                                     "prim::TupleUnpack",
                                                     "prim::TupleIndex",
                                                     "prim::DictConstruct",
                                                     "prim::If",
                                                     "prim::Loop",
                                                     "prim::dtype",
                                                     "prim::device",
                                                     "aten::size",
                                                     "aten::dim",
                                                     "aten::len",
                                                     "aten::__getitem__",
                                                     "aten::append",
                                                     "prim::ListConstruct",
                                                     "prim::ListUnpack",
                                                     "prim::Constant",
                                                     "prim::unchecked_cast",
                                                     "prim::RaiseException",
                                                     "aten::is_floating_point",
                                                     "prim::isinstance",
                                                     "aten::format",
                                                     "prim::Print",
                                                     "aten::warn"};
  if (kSpecialised.count(node.kind().toQualString()) || evaluates(node) || find_converter(node)) return true;
  for (const Value* output : node.outputs())  // numbers are computed before anything is converted
    if (output->type()->isSubtypeOf(*c10::TensorType::get()) || output->type()->kind() == c10::TypeKind::ListType)
      return false;
  return true;
}

Segment whole(const ir::TypedGraph& graph) {
  Segment segment;
  for (const Node* node : graph.graph->nodes()) segment.nodes.push_back(node);
  for (const Value* input : graph.graph->inputs()) {
    segment.inputs.push_back(input);
    segment.input_names.push_back(input->debugName());
  }
  for (const Value* output : graph.graph->outputs()) {
    segment.output_names.push_back(join("output", segment.outputs.size()));
    segment.outputs.push_back(output);
  }
  return segment;
}

SerializedEngine convert(const ir::TypedGraph& graph, const Segment& segment, const ir::CompileSpec& spec,
                         nvinfer1::IBuilder& builder) {
  const std::unique_ptr<nvinfer1::INetworkDefinition> network = make_network(builder);
  Conversion conversion(graph, segment, *network);  // owns the weights until the engine is built
  conversion.run();
  SerializedEngine engine;
  engine.plan = build(builder, *network, ranges_of(graph, segment), spec);
  engine.input_names = segment.input_names;
  engine.output_names = segment.output_names;
  for (const Value* input : segment.inputs) engine.input_dtypes.push_back(binding_dtype(graph, input));
  for (const Value* output : segment.outputs) engine.output_dtypes.push_back(binding_dtype(graph, output));
  return engine;
}

}  // namespace torchtrt::conversion

// The phases on one screen.
#include "core/compiler.h"

#include <set>

#include "core/conversion/registry.h"
#include "core/ir/origin.h"
#include "core/lowering/dtype_policy.h"
#include "core/lowering/input_dtypes.h"
#include "core/lowering/specialize.h"
#include "core/partitioning/partition.h"
#include "core/partitioning/stitch.h"
#include "core/provider/provider.h"
#include "core/runtime/engine.h"
#include "core/runtime/logger.h"
#include "core/util/error.h"
#include "core/util/log.h"

namespace torchtrt {
namespace {

using torch::jit::Node;

struct Planned {
  ir::TypedGraph graph;
  lowering::DtypePlan dtypes;
};

c10::Device device_of(const torch::jit::Module& module) {
  for (const at::Tensor& parameter : module.parameters()) return parameter.device();
  for (const at::Tensor& buffer : module.buffers()) return buffer.device();
  return at::kCPU;
}

// Lowering, then types and sizes for this request, then the int64 and float64 policy.
Planned plan(const torch::jit::Module& module, const std::string& method, const CompileRequest& request,
             bool may_fall_back) {
  const lowering::Lowered lowered = lowering::lower(module, method);
  lowering::Request shapes{request.spec.inputs, request.list_lengths, device_of(module)};
  lowering::infer_input_dtypes(lowered, request.list_lengths, shapes.inputs);
  Planned planned{lowering::specialize(lowered, shapes), {}};
  planned.dtypes = lowering::plan_dtypes(planned.graph, {request.spec.truncate_long_and_double, may_fall_back});
  if (!planned.dtypes.report.rows.empty()) log(LogLevel::kInfo, planned.dtypes.report.to_string());
  return planned;
}

partitioning::Request partition_request(const Planned& planned, const ir::CompileSpec& spec, bool whole) {
  partitioning::Request request;
  request.torch_ops = spec.torch_executed_ops;
  request.torch_modules = spec.torch_executed_modules;
  request.min_block_size = whole ? 1 : spec.min_block_size;
  request.is_glue = [&planned](const Node& node) { return conversion::is_evaluated(node, planned.graph); };
  request.reason_against = [&planned](const Node& node) {
    const auto dtype = planned.dtypes.in_pytorch.find(&node);
    return dtype != planned.dtypes.in_pytorch.end() ? dtype->second : conversion::reason_against(node, planned.graph);
  };
  return request;
}

std::vector<std::string> fallback_lines(const partitioning::Partition& partition) {
  std::vector<std::string> lines;
  for (const auto& part : partition.parts)
    for (const Node* node : part.nodes)
      if (const auto reason = partition.reasons.find(node); reason != partition.reasons.end())
        lines.push_back(join(ir::operator_name(*node), " at ", ir::where(*node), ": ", reason->second));
  return lines;
}

// Full compilation: every operator has to be part of the one engine.
void require_one_engine(const partitioning::Partition& partition, const char* what) {
  const auto lines = fallback_lines(partition);
  if (lines.empty()) {
    TORCHTRT_REQUIRE(kUnsupported, partition.is_one_engine(), what,
                     ": the method computes nothing that an engine could run");
    return;
  }
  std::string text, names;
  std::set<std::string> ops;
  for (const std::string& line : lines) {
    text += join("\n  ", line);
    if (ops.insert(line.substr(0, line.find(' '))).second)
      names += join(names.empty() ? "" : ", ", "'", *ops.rbegin(), "'");
  }
  TORCHTRT_THROW(kUnsupported, what, ": ", lines.size(), lines.size() == 1 ? " operator" : " operators",
                 " cannot be part of the engine", text,
                 "\n  To leave them in PyTorch: torch_tensorrt.ts.compile with "
                 "require_full_compilation=False (or torch_executed_ops naming them). Or write a converter.");
}

// The outputs of an engine are tensors: numbers, strings and None in a result have no binding.
void require_tensor_results(const ir::TypedGraph& graph, const ir::Structure& result) {
  const bool tensor = result.is_tensor() && graph.fact(graph.graph->outputs().at(result.index)).is_tensor();
  const bool leaf = result.is_tensor() || result.kind == ir::Structure::Kind::kConstant;
  TORCHTRT_REQUIRE(kUnsupported, tensor || !leaf, "Full compilation: the method returns a ",
                   result.type ? result.type->annotation_str() : "number",
                   ", and an engine returns tensors only\n  Drop it from the result, or use torch_tensorrt.ts.compile, "
                   "which returns it beside the tensors.");
  for (const ir::Structure& item : result.items) require_tensor_results(graph, item);
}

conversion::Segment segment_of(const partitioning::Part& part) {
  conversion::Segment segment;
  segment.nodes = part.nodes;
  segment.inputs = part.inputs;
  segment.outputs = part.outputs;
  for (const auto* input : segment.inputs) {
    const bool argument = input->node()->kind() == c10::prim::Param;
    segment.input_names.push_back(argument ? input->debugName() : join("input", segment.input_names.size(), "_"));
  }
  for (size_t i = 0; i < segment.outputs.size(); ++i) segment.output_names.push_back(join("output", i));
  return segment;
}

// Runs the conversion; what the engine logged as errors becomes part of the exception.
conversion::SerializedEngine build(const ir::TypedGraph& graph, const conversion::Segment& segment,
                                   const ir::CompileSpec& spec) {
  runtime::ErrorCapture errors;
  try {
    const std::unique_ptr<nvinfer1::IBuilder> builder(provider::create_builder(runtime::engine_logger()));
    return conversion::convert(graph, segment, spec, *builder);
  } catch (const Error& error) {
    if (errors.empty()) throw;
    throw Error(error.kind(), join(error.what(), "\n  engine: ", errors.text()));
  }
}

partitioning::EngineObject engine_object(conversion::SerializedEngine engine, const std::string& name) {
  runtime::EngineInfo info;
  info.name = name;
  info.engine = std::move(engine.plan);
  info.inputs = std::move(engine.input_names);
  info.outputs = std::move(engine.output_names);
  return {c10::IValue(c10::make_intrusive<runtime::Engine>(std::move(info))),
          c10::getCustomClassType<c10::intrusive_ptr<runtime::Engine>>(), std::move(engine.input_dtypes)};
}

std::string compiled_name(const torch::jit::Module& module) {
  const std::string name = ir::python_name(*module.type());
  return name.substr(name.rfind('.') + 1) + "_trt";
}

}  // namespace

EngineResult convert_method(const torch::jit::Module& module, const std::string& method,
                            const CompileRequest& request) {
  const Planned planned = plan(module, method, request, /*may_fall_back=*/false);
  require_tensor_results(planned.graph, planned.graph.result);
  partitioning::Request whole = partition_request(planned, request.spec, true);
  require_one_engine(partitioning::partition(planned.graph, whole), "Full compilation");
  return {build(planned.graph, conversion::whole(planned.graph), request.spec), planned.dtypes.report};
}

ModuleResult compile(const torch::jit::Module& module, const CompileRequest& request) {
  const bool full = request.spec.require_full_compilation;
  const Planned planned = plan(module, "forward", request, !full);
  const auto partition = partitioning::partition(planned.graph, partition_request(planned, request.spec, full));
  if (full) require_one_engine(partition, "require_full_compilation=True");
  std::vector<partitioning::EngineObject> engines;
  for (const auto& part : partition.parts) {
    if (!part.in_engine) continue;
    engines.push_back(engine_object(build(planned.graph, segment_of(part), request.spec),
                                    join(compiled_name(module), "_engine_", engines.size())));
  }
  ModuleResult result{partitioning::stitch(compiled_name(module), planned.graph, partition, engines),
                      planned.dtypes.report, fallback_lines(partition)};
  log(LogLevel::kInfo, join(engines.size(), " engines; ", result.fallbacks.size(), " operators run in PyTorch"));
  for (const std::string& line : result.fallbacks) log(LogLevel::kInfo, join("In PyTorch: ", line));
  return result;
}

bool check_method_operator_support(const torch::jit::Module& module, const std::string& method) {
  const lowering::Lowered lowered = lowering::lower(module, method);
  std::set<std::string> missing;
  const std::function<void(torch::jit::Block*)> visit = [&](torch::jit::Block* block) {
    for (Node* node : block->nodes()) {
      for (torch::jit::Block* inner : node->blocks()) visit(inner);
      if (!conversion::is_supported(*node)) missing.insert(ir::operator_name(*node));
    }
  };
  visit(lowered.graph->block());
  for (const std::string& op : missing) log(LogLevel::kWarning, join("There is no converter for ", op));
  return missing.empty();
}

torch::jit::Module embed_engine(const std::string& plan, const std::vector<std::string>& input_names,
                                const std::vector<std::string>& output_names, const ir::Device&) {
  runtime::EngineInfo info;
  info.name = "tensorrt_engine";
  info.engine = plan;
  info.inputs = input_names;
  info.outputs = output_names;
  auto engine = c10::make_intrusive<runtime::Engine>(std::move(info));
  const size_t inputs = engine->input_names().size(), outputs = engine->output_names().size();
  partitioning::EngineObject object{
      c10::IValue(std::move(engine)), c10::getCustomClassType<c10::intrusive_ptr<runtime::Engine>>(), {}};
  return partitioning::wrap("tensorrt_engine_module", object, inputs, outputs);
}

}  // namespace torchtrt

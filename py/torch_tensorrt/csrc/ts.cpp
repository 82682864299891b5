// Binds the TorchScript compiler as _C.ts: requests, engines, modules, and the report on int64 and float64.
#include <pybind11/stl.h>
#include <torch/csrc/jit/python/pybind_utils.h>
#include <torch/csrc/utils/pybind.h>

#include "bind.h"
#include "core/compiler.h"
#include "core/conversion/registry.h"
#include "core/util/error.h"

namespace py = pybind11;

namespace torchtrt {
namespace {

DType dtype_named(const std::string& name) {
  const auto dtype = dtype_of_name(name);
  TORCHTRT_REQUIRE(kInvalidArgument, dtype, "no such data type: ", name);
  return *dtype;
}

ir::Input make_input(ir::Sizes min, ir::Sizes opt, ir::Sizes max, const std::string& dtype, bool declared,
                     std::string name) {
  ir::Input input = ir::make_dynamic(std::move(min), std::move(opt), std::move(max));
  input.dtype = dtype_named(dtype);
  input.dtype_declared = declared;
  input.name = std::move(name);
  return input;
}

void set_device(CompileRequest& request, const std::string& type, int64_t gpu_id, int64_t dla_core, bool fallback) {
  request.spec.device.type = type == "dla"   ? ir::DeviceType::kDla
                             : type == "cpu" ? ir::DeviceType::kCpu
                                             : ir::DeviceType::kGpu;
  request.spec.device.gpu_id = gpu_id;
  request.spec.device.dla_core = dla_core;
  request.spec.device.allow_gpu_fallback = fallback;
}

void set_precisions(CompileRequest& request, const std::vector<std::string>& names) {
  request.spec.enabled_precisions.clear();
  for (const std::string& name : names) request.spec.enabled_precisions.insert(dtype_named(name));
}

std::vector<std::string> precisions(const CompileRequest& request) {
  std::vector<std::string> names;
  for (const DType dtype : request.spec.enabled_precisions) names.emplace_back(name_of(dtype));
  return names;
}

py::list report_rows(const ir::DtypeReport& report) {
  py::list rows;
  for (const ir::DtypeRow& row : report.rows)
    rows.append(py::dict(py::arg("value") = row.value, py::arg("where") = row.where, py::arg("kind") = row.kind,
                         py::arg("from_dtype") = std::string(name_of(row.from)),
                         py::arg("to_dtype") = std::string(name_of(row.to)),
                         py::arg("decision") = std::string(ir::name_of(row.decision)), py::arg("proof") = row.proof,
                         py::arg("cause") = row.cause));
  return rows;
}

py::tuple report_of(const ir::DtypeReport& report) {
  return py::make_tuple(report_rows(report), report.to_string(), report.warning());
}

py::tuple convert_graph_to_trt_engine(const torch::jit::Module& module, const std::string& method,
                                      const CompileRequest& request) {
  EngineResult result;
  {
    py::gil_scoped_release release;
    result = convert_method(module, method, request);
  }
  return py::make_tuple(py::bytes(result.engine.plan), result.engine.input_names, result.engine.output_names,
                        report_of(result.report));
}

py::tuple compile_graph(const torch::jit::Module& module, const CompileRequest& request) {
  const auto result = [&] {
    py::gil_scoped_release release;
    return compile(module, request);
  }();
  return py::make_tuple(result.module, report_of(result.report), result.fallbacks);
}

// Members of the request that are plain numbers and lists, by the names of the public interface.
template <class Class>
void bind_options(Class& spec) {
#define OPTION(name)                                              \
  spec.def_property(                                              \
      #name, [](const CompileRequest& r) { return r.spec.name; }, \
      [](CompileRequest& r, decltype(ir::CompileSpec::name) value) { r.spec.name = std::move(value); })
  OPTION(disable_tf32);
  OPTION(sparse_weights);
  OPTION(refit);
  OPTION(debug);
  OPTION(truncate_long_and_double);
  OPTION(allow_shape_tensors);
  OPTION(num_avg_timing_iters);
  OPTION(workspace_size);
  OPTION(dla_sram_size);
  OPTION(dla_local_dram_size);
  OPTION(dla_global_dram_size);
  OPTION(require_full_compilation);
  OPTION(min_block_size);
  OPTION(torch_executed_ops);
  OPTION(torch_executed_modules);
#undef OPTION
}

void bind_request(py::module_& m, py::module_& ts) {
  py::class_<ir::Input>(m, "Input")
      .def(py::init(&make_input), py::arg("min"), py::arg("opt"), py::arg("max"), py::arg("dtype"), py::arg("declared"),
           py::arg("name") = "")
      .def_readonly("min", &ir::Input::min)
      .def_readonly("opt", &ir::Input::opt)
      .def_readonly("max", &ir::Input::max)
      .def_property_readonly("dtype", [](const ir::Input& input) { return std::string(name_of(input.dtype)); })
      .def_readonly("declared", &ir::Input::dtype_declared)
      .def("__str__", [](const ir::Input& input) { return join(input); });
  py::class_<CompileRequest> spec(ts, "CompileSpec");
  spec.def(py::init<>())
      .def_property(
          "inputs", [](const CompileRequest& r) { return r.spec.inputs; },
          [](CompileRequest& r, std::vector<ir::Input> inputs) { r.spec.inputs = std::move(inputs); })
      .def_readwrite("list_lengths", &CompileRequest::list_lengths)
      .def_property("enabled_precisions", &precisions, &set_precisions)
      .def("set_capability",
           [](CompileRequest& r, int64_t capability) {
             r.spec.capability = static_cast<ir::EngineCapability>(capability);
           })
      .def("set_device", &set_device, py::arg("type"), py::arg("gpu_id"), py::arg("dla_core"),
           py::arg("allow_gpu_fallback"));
  bind_options(spec);
}

}  // namespace

void bind_ts(py::module_& m) {
  py::module_ ts = m.def_submodule("ts", "The TorchScript compiler");
  bind_request(m, ts);
  ts.def("convert_graph_to_trt_engine", &convert_graph_to_trt_engine);
  ts.def("compile_graph", &compile_graph);
  ts.def("check_method_op_support", &check_method_operator_support);
  ts.def("converted_operators", &conversion::converted_operators);
  ts.def("embed_engine_in_new_module",
         [](const std::string& plan, const std::vector<std::string>& inputs, const std::vector<std::string>& outputs) {
           return embed_engine(plan, inputs, outputs, {});
         });
}

}  // namespace torchtrt

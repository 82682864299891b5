// Binds the runtime half of core: the log of C++ and the engine format's version. Engines themselves are reached
// through torch.classes.tensorrt and torch.ops.tensorrt.
#include <pybind11/stl.h>
#include <torch/csrc/autograd/python_variable.h>
#include <torch/csrc/jit/api/object.h>
#include <torch/csrc/utils/pybind.h>
#include <torch/custom_class.h>

#include <string>
#include <vector>

#include "bind.h"
#include "core/runtime/engine.h"
#include "core/runtime/engine_info.h"
#include "core/runtime/modes.h"
#include "core/util/log.h"

namespace py = pybind11;

namespace torchtrt {

namespace {

using runtime::Engine;

// None where an input is no tensor; inputs then have to be made tensors first.
bool unpack(const py::tuple& inputs, std::vector<at::Tensor>& tensors) {
  tensors.reserve(inputs.size());
  for (const py::handle input : inputs) {
    if (!THPVariable_Check(input.ptr())) return false;
    tensors.push_back(THPVariable_Unpack(input.ptr()));
  }
  return true;
}

// Note [Direct calls]: torch.ops looks for __torch_function__ on every argument. A script object has no such attribute
// and says so by C++ exceptions, which cost some 15 microseconds a call. This reaches the same operator through the
// dispatcher, so that fake tensors and dispatch modes work; torch.jit.trace and torch function modes do not see it.
py::object execute(const torch::jit::Object& engine, const py::tuple& inputs) {
  std::vector<at::Tensor> tensors, outputs;
  if (!unpack(inputs, tensors)) return py::none();
  {
    const c10::IValue value(engine._ivalue());
    const py::gil_scoped_release no_gil;
    outputs = runtime::call_execute_engine(tensors, value.toCustomClass<Engine>());
  }
  if (outputs.size() == 1) return py::cast(std::move(outputs[0]));
  py::tuple result(outputs.size());
  for (size_t i = 0; i < outputs.size(); ++i) result[i] = py::cast(std::move(outputs[i]));
  return result;
}

}  // namespace

void bind_runtime(py::module_& m) {
  py::enum_<LogLevel>(m, "LogLevel", "How important a line of the log is; lower is graver.")
      .value("INTERNAL_ERROR", LogLevel::kInternalError)
      .value("ERROR", LogLevel::kError)
      .value("WARNING", LogLevel::kWarning)
      .value("INFO", LogLevel::kInfo)
      .value("DEBUG", LogLevel::kDebug)
      .value("GRAPH", LogLevel::kGraph);
  m.def("_get_logging_prefix", &log_prefix);
  m.def("_set_logging_prefix", &set_log_prefix, py::arg("prefix"));
  m.def("_get_reportable_log_level", &log_level);
  m.def("_set_reportable_log_level", &set_log_level, py::arg("level"));
  m.def("_get_is_colored_output_on", &log_colored);
  m.def("_set_is_colored_output_on", &set_log_colored, py::arg("colored_output_on"));
  m.def("_log", &log, py::arg("level"), py::arg("msg"));
  py::module_ rt = m.def_submodule("rt", "Facts of the runtime.");
  rt.attr("ABI_VERSION") = std::string(runtime::kAbiVersion);
  // As torch.ops.tensorrt.get_*, without the dispatcher: read at every call of an engine on a GPU.
  rt.def("execute", &execute, py::arg("engine"), py::arg("inputs"));
  rt.def("multi_device_safe_mode", &runtime::multi_device_safe_mode);
  rt.def("cudagraphs_mode", [] { return static_cast<int64_t>(runtime::cudagraphs_mode()); });
}

}  // namespace torchtrt

// Binds the runtime half of core: the log of C++ and the engine format's version. Engines themselves are reached
// through torch.classes.tensorrt and torch.ops.tensorrt.
#include <pybind11/stl.h>

#include <string>

#include "bind.h"
#include "core/runtime/engine_info.h"
#include "core/runtime/modes.h"
#include "core/util/log.h"

namespace py = pybind11;

namespace torchtrt {

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
  rt.def("multi_device_safe_mode", &runtime::multi_device_safe_mode);
  rt.def("cudagraphs_mode", [] { return static_cast<int64_t>(runtime::cudagraphs_mode()); });
}

}  // namespace torchtrt

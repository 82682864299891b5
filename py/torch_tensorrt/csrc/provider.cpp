// Binds core/provider: choice of the library behind NvInfer.h.
#include <pybind11/stl.h>

#include "bind.h"
#include "core/provider/library.h"

namespace py = pybind11;

namespace torchtrt {
namespace {

using provider::Info;
using provider::Request;

// What is not given keeps its default (see provider::default_request).
const Info& load(std::vector<std::string> nvidia_folders, const std::optional<std::string>& choice,
                 const std::optional<std::string>& embedded_folder, std::optional<bool> cuda_usable) {
  Request request = provider::default_request();
  request.nvidia_folders = std::move(nvidia_folders);
  if (choice) request.choice = provider::choice_of(*choice);
  if (embedded_folder) request.embedded_folder = *embedded_folder;
  if (cuda_usable) request.cuda_usable = *cuda_usable;
  return provider::load(request);
}

}  // namespace

void bind_provider(py::module_& m) {
  py::class_<Info>(m, "ProviderInfo")
      .def_property_readonly("name", [](const Info& info) { return provider::name_of(info.choice); })
      .def_readonly("version", &Info::version)
      .def_readonly("path", &Info::path)
      .def_readonly("reason", &Info::reason)
      .def_readonly("problem", &Info::problem);
  m.def("load_provider", &load, py::arg("nvidia_folders") = std::vector<std::string>(), py::kw_only(),
        py::arg("choice") = py::none(), py::arg("embedded_folder") = py::none(), py::arg("cuda_usable") = py::none(),
        py::return_value_policy::copy);
  m.def("provider_choice", [] { return provider::name_of(provider::default_request().choice); });
  m.def("provider_info", &provider::info, py::return_value_policy::copy);
  m.def("tensorrt_major", &provider::interface_major);
}

}  // namespace torchtrt

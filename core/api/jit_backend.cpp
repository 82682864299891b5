// The backend "tensorrt" of torch._C._jit_to_backend: each method of a module becomes one engine.
#include <torch/csrc/jit/backends/backend.h>
#include <torch/csrc/jit/backends/backend_preprocess.h>

#include "core/api/compile_spec_object.h"
#include "core/runtime/engine.h"
#include "core/util/error.h"

namespace torchtrt::api {
namespace {

using EnginePointer = c10::intrusive_ptr<runtime::Engine>;

// Before saving: every method named in the specs as the text form of its engine.
c10::IValue preprocess(const torch::jit::Module& module, const c10::Dict<c10::IValue, c10::IValue>& specs,
                       const torch::jit::BackendDebugHandleGenerator&) {
  c10::Dict<std::string, std::vector<std::string>> engines;
  for (const auto& entry : specs) {
    const std::string method = entry.key().toStringRef();
    const auto spec = entry.value().toCustomClass<CompileSpecObject>();
    const EngineResult result = convert_method(module, method, spec->request());
    runtime::EngineInfo info;
    info.name = method;
    info.engine = result.engine.plan;
    info.inputs = result.engine.input_names;
    info.outputs = result.engine.output_names;
    engines.insert(method, runtime::to_text(info.fields()));
  }
  return engines;
}

class Backend : public torch::jit::PyTorchBackendInterface {
 public:
  bool is_available() override { return true; }

  c10::impl::GenericDict compile(c10::IValue processed, c10::impl::GenericDict specs) override {
    c10::impl::GenericDict handles(c10::StringType::get(), c10::AnyType::get());
    const auto engines = processed.toGenericDict();
    for (const auto& entry : specs) {
      std::vector<std::string> fields;
      for (const c10::IValue& field : engines.at(entry.key()).toListRef()) fields.push_back(field.toStringRef());
      handles.insert(entry.key(), c10::make_intrusive<runtime::Engine>(runtime::from_text(std::move(fields))));
    }
    return handles;
  }

  c10::impl::GenericList execute(c10::IValue handle, c10::impl::GenericList inputs) override {
    std::vector<at::Tensor> tensors;
    for (size_t i = 0; i < inputs.size(); ++i) {
      const c10::IValue input = inputs.get(i);
      TORCHTRT_REQUIRE(kInvalidArgument, input.isTensor(), "Input ", i, " of the engine is a ", input.tagKind(),
                       ", a Tensor is expected");
      tensors.push_back(input.toTensor());
    }
    const auto results = runtime::execute_engine(std::move(tensors), handle.toCustomClass<runtime::Engine>());
    return c10::impl::toList(c10::List<at::Tensor>(results));
  }
};

const torch::jit::backend<Backend> backend("tensorrt");
const torch::jit::backend_preprocess_register preprocessor("tensorrt", preprocess);

TORCH_LIBRARY_FRAGMENT(tensorrt, m) {
  m.class_<CompileSpecObject>("CompileSpec")
      .def(torch::init<>())
      .def("_append_input", &CompileSpecObject::append_input)
      .def("_set_list_lengths", &CompileSpecObject::set_list_lengths)
      .def("_set_flag", &CompileSpecObject::set_flag)
      .def("_set_number", &CompileSpecObject::set_number)
      .def("__str__", &CompileSpecObject::to_string)
      .def_pickle([](const c10::intrusive_ptr<CompileSpecObject>& self) { return self->words(); },
                  [](std::vector<std::string> words) { return c10::make_intrusive<CompileSpecObject>(words); });
}

}  // namespace
}  // namespace torchtrt::api

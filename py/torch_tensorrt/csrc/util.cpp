// Binds the tables that both halves read (dtypes, pointwise operators), and Error as the Python exception of its kind.
#include <c10/core/ScalarType.h>
#include <pybind11/stl.h>

#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "bind.h"
#include "core/util/dtype.h"
#include "core/util/error.h"

namespace py = pybind11;

namespace torchtrt {
namespace {

namespace torch_types {
constexpr auto NONE = c10::ScalarType::Undefined;
using enum c10::ScalarType;
}  // namespace torch_types

using Name = std::optional<std::string>;
using Row = std::tuple<std::string, Name, Name, int, std::string, Name>;

// The attribute of module torch: float4_e2m1fn_x2.
Name torch_name(c10::ScalarType type) {
  if (type == c10::ScalarType::Undefined) return std::nullopt;
  return std::string(c10::getDtypeNames(type).first);
}

// The member of tensorrt.DataType: kFLOAT -> FLOAT.
Name tensorrt_name(std::string enumerator) {
  if (enumerator == "NONE") return std::nullopt;
  return enumerator.substr(1);
}

Name narrow_name(DType dtype) {
  const DType narrow = dtype_row(dtype).narrow;
  if (narrow == DType::kNone) return std::nullopt;
  return std::string(name_of(narrow));
}

std::string lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

std::vector<Row> dtype_table() {
  return {
#define TORCHTRT_DTYPE(enumerator, name, torch, tensorrt, bits, kind, narrow)       \
  Row{name,         torch_name(torch_types::torch), tensorrt_name(#tensorrt), bits, \
      lower(#kind), narrow_name(DType::enumerator)},
#include "core/util/dtype.def"
#undef TORCHTRT_DTYPE
  };
}

using PointwiseRow = std::tuple<std::string, std::string, std::string, std::string>;

std::vector<PointwiseRow> pointwise_table() {
  return {
#define POINTWISE(schema, kind, operation, rule) PointwiseRow{schema, #kind, #operation, #rule},
#include "core/conversion/tables/pointwise.def"
#undef POINTWISE
  };
}

const char* exception_of(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kInvalidArgument:
      return "InputError";
    case ErrorKind::kInvalidConfig:
      return "ConversionError";
    case ErrorKind::kUnsupported:
      return "UnsupportedOperatorError";
    case ErrorKind::kUnsupportedDtype:
      return "UnsupportedDtypeError";
    case ErrorKind::kDtypeContract:
      return "DtypeContractError";
    case ErrorKind::kInt64Range:
      return "Int64RangeError";
    case ErrorKind::kInternal:
    case ErrorKind::kInvalidState:
    case ErrorKind::kExecution:
    case ErrorKind::kCorruptPlan:
      break;
  }
  return "EngineError";
}

void translate(std::exception_ptr pointer) {
  try {
    if (pointer) std::rethrow_exception(pointer);
  } catch (const Error& error) {
    const py::object type = py::module_::import("torch_tensorrt._errors").attr(exception_of(error.kind()));
    py::set_error(type, error.what());
  }
}

// For tests of the translation: one Error of each kind.
void raise_error(const std::string& kind, const std::string& message) {
#define TORCHTRT_RAISE(name) \
  if (kind == #name) throw Error(ErrorKind::name, message)
  TORCHTRT_RAISE(kInternal);
  TORCHTRT_RAISE(kInvalidArgument);
  TORCHTRT_RAISE(kInvalidConfig);
  TORCHTRT_RAISE(kUnsupported);
  TORCHTRT_RAISE(kUnsupportedDtype);
  TORCHTRT_RAISE(kDtypeContract);
  TORCHTRT_RAISE(kInt64Range);
  TORCHTRT_RAISE(kInvalidState);
  TORCHTRT_RAISE(kExecution);
  TORCHTRT_RAISE(kCorruptPlan);
#undef TORCHTRT_RAISE
  throw py::key_error(kind);
}

}  // namespace

void bind_util(py::module_& m) {
  py::register_exception_translator(&translate);
  m.def("dtype_table", &dtype_table,
        "Rows (name, torch name or None, tensorrt name or None, bits, kind, narrower type or None).");
  m.def("pointwise_table", &pointwise_table, "Rows (schema with overload, kind, operation, promotion rule).");
  m.def("_raise_error", &raise_error, py::arg("kind"), py::arg("message"));
}

}  // namespace torchtrt

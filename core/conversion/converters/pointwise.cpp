// The rows of pointwise.def as converters.
#include "core/conversion/converters/common.h"

namespace torchtrt::conversion {
namespace {

enum class Rule { DEFAULT, INT_TO_FLOAT, ALWAYS_BOOL };
enum class Kind { UNARY, ACTIVATION, BINARY, COMPARE, LOGICAL };

// The type an operator computes in: its result's, but its operands' for tests.
at::ScalarType compute_type(const Call& call, Rule rule, const std::vector<const Operand*>& operands) {
  return rule == Rule::ALWAYS_BOOL ? Builder::result_type(operands) : call.result();
}

bool is_integer(at::ScalarType dtype) { return c10::isIntegralType(dtype, /*includeBool=*/true); }

Tensor convert_unary(Builder& b, const Call& call, nvinfer1::UnaryOperation op, Rule rule) {
  const Operand& self = call["self"];
  const at::ScalarType dtype = compute_type(call, rule, {&self});
  const Tensor x = b.cast(b.tensor(self), dtype);
  if (rule == Rule::ALWAYS_BOOL) {
    if (is_integer(dtype))
      return b.compare(nvinfer1::ElementWiseOperation::kLESS, b.cast(x, at::kInt), b.cast(x, at::kInt));
    Tensor result = b.unary(op, x);
    result.dtype = at::kBool;
    return result;
  }
  if (dtype == at::kBool) return x;  // abs and sign of booleans
  return b.in_float(x, [&](Tensor y) { return b.unary(op, y); });
}

Tensor convert_activation(Builder& b, const Call& call, nvinfer1::ActivationType op) {
  return b.activation(op, b.cast(call.tensor("self"), call.result()));
}

Tensor convert_binary(Builder& b, const Call& call, nvinfer1::ElementWiseOperation op) {
  const auto operands = b.promote({&call["self"], &call["other"]}, call.result());
  if (call.result() == at::kBool) {  // TensorRT has no arithmetic on booleans: and, or mean the same
    const bool both = op == nvinfer1::ElementWiseOperation::kPROD || op == nvinfer1::ElementWiseOperation::kMIN;
    const auto logical = both ? nvinfer1::ElementWiseOperation::kAND : nvinfer1::ElementWiseOperation::kOR;
    return b.elementwise(logical, operands[0], operands[1]);
  }
  return b.wrapped(b.elementwise(op, operands[0], operands[1]));
}

Tensor convert_logical(Builder& b, const Call& call, nvinfer1::ElementWiseOperation op) {
  return b.elementwise(op, b.cast(call.tensor("self"), at::kBool), b.cast(call.tensor("other"), at::kBool));
}

struct Row {
  const char* op;
  Kind kind;
  int operation;
  Rule rule;
};

constexpr int code(nvinfer1::UnaryOperation op) { return static_cast<int>(op); }
constexpr int code(nvinfer1::ActivationType op) { return static_cast<int>(op); }
constexpr int code(nvinfer1::ElementWiseOperation op) { return static_cast<int>(op); }

// Operation of a row by its kind.
#define CODE_UNARY(op) code(nvinfer1::UnaryOperation::k##op)
#define CODE_ACTIVATION(op) code(nvinfer1::ActivationType::k##op)
#define CODE_BINARY(op) code(nvinfer1::ElementWiseOperation::k##op)
#define CODE_COMPARE(op) code(nvinfer1::ElementWiseOperation::k##op)
#define CODE_LOGICAL(op) code(nvinfer1::ElementWiseOperation::k##op)

constexpr Row kRows[] = {
#define POINTWISE(schema, kind, operation, rule) {schema, Kind::kind, CODE_##kind(operation), Rule::rule},
#include "core/conversion/tables/pointwise.def"
#undef POINTWISE
};

Tensor convert_row(Builder& b, const Call& call, const Row& row) {
  switch (row.kind) {
    case Kind::UNARY:
      return convert_unary(b, call, static_cast<nvinfer1::UnaryOperation>(row.operation), row.rule);
    case Kind::ACTIVATION:
      return convert_activation(b, call, static_cast<nvinfer1::ActivationType>(row.operation));
    case Kind::BINARY:
      return convert_binary(b, call, static_cast<nvinfer1::ElementWiseOperation>(row.operation));
    case Kind::COMPARE:
      return compare(b, call, static_cast<nvinfer1::ElementWiseOperation>(row.operation));
    case Kind::LOGICAL:
      return convert_logical(b, call, static_cast<nvinfer1::ElementWiseOperation>(row.operation));
  }
  return {};
}

struct RegisterRows {
  RegisterRows() {
    for (const Row& row : kRows)
      register_converter(
          row.op,
          {[&row](Builder& b, const Call& call) { return std::vector<Tensor>{convert_row(b, call, row)}; }, nullptr});
  }
} registered;

}  // namespace

Tensor compare(Builder& b, const Call& call, nvinfer1::ElementWiseOperation op) {
  at::ScalarType dtype = Builder::result_type({&call["self"], &call["other"]});
  if (dtype == at::kBool) dtype = at::kInt;  // booleans compare as 0 and 1
  const auto operands = b.promote({&call["self"], &call["other"]}, dtype);
  return b.compare(op, operands[0], operands[1]);
}

}  // namespace torchtrt::conversion

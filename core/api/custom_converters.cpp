// Outside converters as entries of the registry.
#include "core/api/custom_converters.h"

#include <torch/csrc/jit/frontend/function_schema_parser.h>

#include "core/conversion/registry.h"
#include "core/ir/origin.h"
#include "core/util/error.h"

namespace torch_tensorrt::core::conversion {
namespace {

using torchtrt::conversion::Builder;
using torchtrt::conversion::Call;
using torchtrt::conversion::Tensor;

std::vector<Tensor> run(const OpConverter& converter, Builder& builder, const Call& call) {
  ConversionCtx ctx{&builder.network(), &builder, {}};
  args arguments;
  for (const auto& operand : call.operands()) arguments.emplace_back(operand);
  TORCHTRT_REQUIRE(kUnsupported, converter(&ctx, &call.node(), arguments), "The registered converter of ",
                   torchtrt::ir::operator_name(call.node()), " does not take this node\n  at ",
                   torchtrt::ir::where(call.node()),
                   "\n  Name the operator in torch_executed_ops to leave it in PyTorch.");
  std::vector<Tensor> results;
  for (size_t i = 0; i < call.node().outputs().size(); ++i) {
    const auto found = ctx.value_tensor_map.find(call.node().output(i));
    TORCHTRT_REQUIRE(kInvalidConfig, found != ctx.value_tensor_map.end() && found->second,
                     "The registered converter of ", torchtrt::ir::operator_name(call.node()),
                     " gave no tensor for output ", i, "\n  Call ctx->AssociateValueAndTensor for every output.");
    results.push_back({found->second, call.result(i)});
  }
  return results;
}

}  // namespace

nvinfer1::ITensor* ConversionCtx::AssociateValueAndTensor(const torch::jit::Value* value, nvinfer1::ITensor* tensor) {
  return value_tensor_map[value] = tensor;
}

bool Var::isITensor() const { return operand_->tensor.has_value(); }
bool Var::isNone() const { return operand_->is_constant() && operand_->constant.isNone(); }

nvinfer1::ITensor* Var::ITensor() const {
  TORCHTRT_REQUIRE(kInvalidArgument, isITensor(), "the argument is a constant; use ITensorOrFreeze");
  return operand_->tensor->itensor;
}

nvinfer1::ITensor* Var::ITensorOrFreeze(ConversionCtx* ctx) const { return ctx->builder->tensor(*operand_).itensor; }

const c10::IValue& Var::constant() const {
  TORCHTRT_REQUIRE(kUnsupported, operand_->is_constant(), "the argument has to be known at compile time");
  return operand_->constant;
}

const c10::IValue* Var::IValue() const { return isITensor() ? nullptr : &constant(); }
at::Tensor Var::unwrapToTensor() const { return constant().toTensor(); }
int64_t Var::unwrapToInt() const { return constant().toInt(); }
double Var::unwrapToDouble() const { return constant().toScalar().toDouble(); }
bool Var::unwrapToBool() const { return constant().toBool(); }
at::Scalar Var::unwrapToScalar() const { return constant().toScalar(); }
std::string Var::unwrapToString() const { return constant().toStringRef(); }

c10::List<int64_t> Var::unwrapToIntList() const {
  if (operand_->is_constant()) return operand_->constant.toIntList();
  c10::List<int64_t> values;
  for (const auto& item : operand_->items) values.push_back(item.constant.toInt());
  return values;
}

namespace converters {

RegisterNodeConversionPatterns&& RegisterNodeConversionPatterns::pattern(ConversionPattern pattern) && {
  const auto schema = torch::jit::parseSchema(pattern.signature, /*allow_typevars=*/true);
  const std::string name =
      schema.overload_name().empty() ? schema.name() : schema.name() + "." + schema.overload_name();
  torchtrt::conversion::register_converter(name, {[converter = std::move(pattern.converter)](
                                                      Builder& b, const Call& call) { return run(converter, b, call); },
                                                  nullptr, true});
  return std::move(*this);
}

}  // namespace converters
}  // namespace torch_tensorrt::core::conversion

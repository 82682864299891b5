// Converters from outside: a shared object registers a schema, and the TorchScript front converts it.
//
//   namespace conversion = torch_tensorrt::core::conversion;
//   auto registered = conversion::converters::RegisterNodeConversionPatterns().pattern(
//       {"mine::op(Tensor x, float alpha) -> Tensor",
//        [](conversion::ConversionCtx* ctx, const torch::jit::Node* node, conversion::args& args) -> bool {
//          auto* layer = ctx->net->addUnary(*args[0].ITensorOrFreeze(ctx), nvinfer1::UnaryOperation::kNEG);
//          ctx->AssociateValueAndTensor(node->outputs()[0], layer->getOutput(0));
//          return true;
//        }});
//
// The converter returns false where it cannot convert the node, which ends the compilation with an error that names it.
// Tensors have the types of the model; a registration replaces ours of the same schema.
#pragma once

#include <NvInfer.h>
#include <torch/csrc/jit/ir/ir.h>

#include <functional>
#include <string>
#include <unordered_map>
#include <vector>

namespace torchtrt::conversion {
class Builder;
struct Operand;
}  // namespace torchtrt::conversion

namespace torch_tensorrt::core::conversion {

// The network while one node is converted.
struct ConversionCtx {
  nvinfer1::INetworkDefinition* net = nullptr;
  torchtrt::conversion::Builder* builder = nullptr;  // owner of weights; for Var
  std::unordered_map<const torch::jit::Value*, nvinfer1::ITensor*> value_tensor_map;

  nvinfer1::ITensor* AssociateValueAndTensor(const torch::jit::Value* value, nvinfer1::ITensor* tensor);
};

// One argument. Unwrapping as another type than it is throws torchtrt::Error.
class Var {
 public:
  explicit Var(const torchtrt::conversion::Operand& operand) : operand_(&operand) {}

  bool isITensor() const;
  bool isIValue() const { return !isITensor(); }
  bool isNone() const;
  nvinfer1::ITensor* ITensor() const;
  const c10::IValue* IValue() const;
  // The tensor; a constant becomes a Constant layer of its own type.
  nvinfer1::ITensor* ITensorOrFreeze(ConversionCtx* ctx) const;

  at::Tensor unwrapToTensor() const;
  at::Tensor unwrapToTensor(const at::Tensor& other) const { return isNone() ? other : unwrapToTensor(); }
  int64_t unwrapToInt() const;
  int64_t unwrapToInt(int64_t other) const { return isNone() ? other : unwrapToInt(); }
  double unwrapToDouble() const;
  double unwrapToDouble(double other) const { return isNone() ? other : unwrapToDouble(); }
  bool unwrapToBool() const;
  bool unwrapToBool(bool other) const { return isNone() ? other : unwrapToBool(); }
  at::Scalar unwrapToScalar() const;
  std::string unwrapToString() const;
  c10::List<int64_t> unwrapToIntList() const;

 private:
  const c10::IValue& constant() const;
  const torchtrt::conversion::Operand* operand_;
};

using args = std::vector<Var>;
using OpConverter = std::function<bool(ConversionCtx*, const torch::jit::Node*, args&)>;

struct ConversionPattern {
  std::string signature;  // "ns::name.overload(Tensor x) -> Tensor"
  OpConverter converter;
};

namespace converters {

class RegisterNodeConversionPatterns {
 public:
  RegisterNodeConversionPatterns&& pattern(ConversionPattern pattern) &&;
};

}  // namespace converters
}  // namespace torch_tensorrt::core::conversion

// The only place where weights and Constant layers are made.
#include <ATen/Functions.h>

#include "core/conversion/builder.h"
#include "core/util/error.h"

namespace torchtrt::conversion {
namespace {

// The tensor in the type the network carries (Note [Carriers]); equal for all types TensorRT has.
at::Tensor carried(const at::Tensor& tensor) {
  switch (tensor.scalar_type()) {
    case at::kDouble:
      return tensor.to(at::kFloat);
    case at::kByte:
    case at::kChar:
      return tensor.to(at::kInt);
    default:
      return tensor;
  }
}

}  // namespace

nvinfer1::Weights Builder::weights(const at::Tensor& tensor) {
  const at::Tensor values = carried(tensor.detach()).to(at::kCPU).contiguous();
  kept_.push_back(values);
  nvinfer1::Weights weights{carrier_of(tensor.scalar_type()), values.const_data_ptr(), values.numel()};
  if (values.numel() == 0) weights.values = nullptr;
  return weights;
}

void Builder::name_weights(const at::Tensor& tensor, const nvinfer1::Weights& weights) {
  const auto name = names_.find(tensor);
  if (name && weights.count > 0) network_.setWeightsName(weights, name->c_str());
}

Tensor Builder::constant(const at::Tensor& tensor) {
  const auto found = constants_.find(tensor.unsafeGetTensorImpl());
  if (found != constants_.end()) return found->second;
  const nvinfer1::Weights values = weights(tensor);
  auto& layer = added(network_.addConstant(to_dims(tensor.sizes().vec()), values), "constant");
  name_weights(tensor, values);
  kept_.push_back(tensor);  // its identity is the key
  return constants_[tensor.unsafeGetTensorImpl()] = out(layer, tensor.scalar_type());
}

Tensor Builder::scalar(const at::Scalar& value, at::ScalarType dtype, int rank) {
  return constant(at::full(std::vector<int64_t>(rank, 1), value, at::TensorOptions().dtype(dtype)));
}

nvinfer1::ITensor* Builder::index_list(const std::vector<int64_t>& values) {
  return constant(at::tensor(values, at::kLong)).itensor;
}

Tensor Builder::tensor(const Operand& operand) {
  if (operand.tensor) return *operand.tensor;
  if (operand.dim) {
    const Dim size = *operand.dim;
    if (size.is_known()) return scalar(size.known, at::kLong);
    return reshape({size.computed, at::kLong}, std::vector<int64_t>{});
  }
  const c10::IValue& value = operand.constant;
  if (value.isTensor()) return constant(value.toTensor());
  TORCHTRT_REQUIRE(kInvalidArgument, value.isScalar(), "A tensor is expected, got ", value.tagKind(), "\n  at ",
                   where_);
  if (operand.like.defined()) return scalar(value.toScalar(), operand.like.scalar_type());
  return scalar(value.toScalar(), value.isBool() ? at::kBool : value.isInt() ? at::kLong : at::kFloat);
}

}  // namespace torchtrt::conversion

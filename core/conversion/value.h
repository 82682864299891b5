// Values of a converter: a tensor of the network, a size, or something known while converting.
#pragma once

#include <ATen/core/ivalue.h>
#include <NvInfer.h>

#include <optional>
#include <vector>

namespace torchtrt::conversion {

// A tensor of the network, and the type torch gives it. The network may carry another type (Note [Carriers]).
struct Tensor {
  nvinfer1::ITensor* itensor = nullptr;
  at::ScalarType dtype = at::kFloat;

  int rank() const { return itensor->getDimensions().nbDims; }
};

// A size: a number, or a 1-D INT64 tensor of one element where the declared shapes leave it open.
struct Dim {
  int64_t known = 0;
  nvinfer1::ITensor* computed = nullptr;

  bool is_known() const { return computed == nullptr; }
};
using Sizes = std::vector<Dim>;

// What an input of a node is while converting.
struct Operand {
  c10::IValue constant;  // where nothing else is set
  std::optional<Tensor> tensor;
  std::optional<Dim> dim;
  std::vector<Operand> items;  // of a list
  bool is_list = false;
  at::Tensor like;  // of tensors: torch's type and rank, for promotion; 0-dim literals with their value

  bool is_constant() const { return !tensor && !dim && !is_list; }
};

// Note [Carriers]: TensorRT computes with float32, float16, bfloat16, int32, int64 and bool. float64 is carried as
// float32 where the dtype policy permits it; uint8 and int8 are carried as int32 and wrap where arithmetic leaves them.
// Casts between a type and its carrier stand at inputs and outputs of the network only.
nvinfer1::DataType carrier_of(at::ScalarType dtype);
// The type of a binding: the declared type, but float32 for float64.
nvinfer1::DataType binding_of(at::ScalarType dtype);
// The engine has a carrier for it.
bool has_carrier(at::ScalarType dtype);

nvinfer1::Dims to_dims(const std::vector<int64_t>& sizes);
std::vector<int64_t> to_vector(const nvinfer1::Dims& dims);

}  // namespace torchtrt::conversion

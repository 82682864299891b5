// Types of torch as types of the network.
#include "core/conversion/value.h"

#include "core/ir/torch_dtype.h"
#include "core/util/error.h"

namespace torchtrt::conversion {

bool has_carrier(at::ScalarType dtype) {
  switch (dtype) {
    case at::kFloat:
    case at::kHalf:
    case at::kBFloat16:
    case at::kDouble:
    case at::kInt:
    case at::kLong:
    case at::kBool:
    case at::kByte:
    case at::kChar:
      return true;
    default:
      return false;
  }
}

nvinfer1::DataType carrier_of(at::ScalarType dtype) {
  using nvinfer1::DataType;
  switch (dtype) {
    case at::kFloat:
    case at::kDouble:
      return DataType::kFLOAT;
    case at::kHalf:
      return DataType::kHALF;
    case at::kBFloat16:
      return DataType::kBF16;
    case at::kInt:
    case at::kByte:
    case at::kChar:
      return DataType::kINT32;
    case at::kLong:
      return DataType::kINT64;
    case at::kBool:
      return DataType::kBOOL;
    default:
      TORCHTRT_THROW(kUnsupportedDtype, "TensorRT has no type for ", ir::name_of(dtype),
                     "\n  Cast the tensor to a supported type, or keep its operators in PyTorch (torch_executed_ops).");
  }
}

nvinfer1::DataType binding_of(at::ScalarType dtype) {
  if (dtype == at::kByte) return nvinfer1::DataType::kUINT8;
  if (dtype == at::kChar) return nvinfer1::DataType::kINT8;
  return carrier_of(dtype);
}

nvinfer1::Dims to_dims(const std::vector<int64_t>& sizes) {
  TORCHTRT_REQUIRE(kUnsupported, sizes.size() <= nvinfer1::Dims::MAX_DIMS, "A tensor of rank ", sizes.size(),
                   ": TensorRT has at most ", nvinfer1::Dims::MAX_DIMS, " dimensions");
  nvinfer1::Dims dims{};
  dims.nbDims = static_cast<int32_t>(sizes.size());
  std::copy(sizes.begin(), sizes.end(), dims.d);
  return dims;
}

std::vector<int64_t> to_vector(const nvinfer1::Dims& dims) {
  TORCHTRT_REQUIRE(kInvalidConfig, dims.nbDims >= 0, "the network could not infer the shape of a tensor");
  return {dims.d, dims.d + dims.nbDims};
}

}  // namespace torchtrt::conversion

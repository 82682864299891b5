// TensorRT's types in torch's words, read off dtype.def.
#pragma once

#include <NvInferRuntime.h>
#include <c10/core/ScalarType.h>

#include <string>
#include <vector>

#include "core/util/dtype.h"

namespace torchtrt::runtime {

// Throws Error for a type that torch does not have (int4).
at::ScalarType scalar_type_of(nvinfer1::DataType dtype);
// Name in torch's spelling, "float32"; types outside the table by c10's name.
std::string name_of(at::ScalarType dtype);

std::vector<int64_t> to_sizes(const nvinfer1::Dims& dims);
// Throws Error for more axes than TensorRT has.
nvinfer1::Dims to_dims(const int64_t* sizes, size_t rank);

}  // namespace torchtrt::runtime

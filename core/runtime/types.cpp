// TensorRT's types in torch's words, read off dtype.def.
#include "core/runtime/types.h"

#include "core/util/error.h"

namespace torchtrt::runtime {
namespace {

struct Twins {
  const char* name;
  at::ScalarType torch;
  int tensorrt;
};

constexpr at::ScalarType torch_twin(at::ScalarType type) { return type; }

// NONE in the table is found as these where a column has no twin.
namespace torch_column {
using enum at::ScalarType;
constexpr at::ScalarType NONE = at::ScalarType::Undefined;
}  // namespace torch_column
namespace tensorrt_column {
using enum nvinfer1::DataType;
constexpr int NONE = -1;
}  // namespace tensorrt_column

constexpr Twins kTwins[] = {
#define TORCHTRT_DTYPE(enumerator, name, torch, tensorrt, bits, kind, narrow) \
  {name, torch_twin(torch_column::torch), static_cast<int>(tensorrt_column::tensorrt)},
#include "core/util/dtype.def"
#undef TORCHTRT_DTYPE
};

}  // namespace

at::ScalarType scalar_type_of(nvinfer1::DataType dtype) {
  for (const Twins& row : kTwins) {
    if (row.tensorrt != static_cast<int>(dtype)) continue;
    TORCHTRT_REQUIRE(kUnsupportedDtype, row.torch != at::ScalarType::Undefined, "The engine has a binding of type ",
                     row.name, ", which torch does not have. Let the network's inputs and outputs be of another type.");
    return row.torch;
  }
  TORCHTRT_THROW(kUnsupportedDtype, "The engine has a binding of TensorRT type ", static_cast<int>(dtype),
                 ", which this version does not know. Rebuild the engine with this version.");
}

std::string name_of(at::ScalarType dtype) {
  for (const Twins& row : kTwins) {
    if (row.torch == dtype) return row.name;
  }
  return c10::toString(dtype);
}

std::vector<int64_t> to_sizes(const nvinfer1::Dims& dims) {
  return dims.nbDims > 0 ? std::vector<int64_t>(dims.d, dims.d + dims.nbDims) : std::vector<int64_t>{};
}

nvinfer1::Dims to_dims(const int64_t* sizes, size_t rank) {
  TORCHTRT_REQUIRE(kInvalidArgument, rank <= nvinfer1::Dims::MAX_DIMS, "A tensor of ", rank,
                   " axes; engines take at most ", int(nvinfer1::Dims::MAX_DIMS), ". Merge axes before the engine.");
  nvinfer1::Dims dims{};
  dims.nbDims = static_cast<int32_t>(rank);
  for (size_t i = 0; i < rank; ++i) dims.d[i] = sizes[i];
  return dims;
}

}  // namespace torchtrt::runtime

// Constant: weights as a tensor.
//   c1  no inputs
//   c2  weights of a type that tensors of TensorRT can hold as constants (uint8 cannot)
//   c3  the count of the weights is the volume of the shape
//   c4  at most one length is unknown; it is what the count leaves for it
//   c5  weights with elements have memory
//   c6  no length is negative, but for -1, the unknown one
#include "core/engine/layers/constant.h"

#include <algorithm>
#include <cstring>

#include "core/engine/layers/host_math.h"
#include "core/engine/layers/rules.h"

namespace torchtrt::engine {
namespace {

template <class T>
T element(const Weights& weights, int64_t i) {
  T value;
  std::memcpy(&value, static_cast<const char*>(weights.data) + i * sizeof(T), sizeof(T));
  return value;
}

HostScalar read(const Weights& weights, int64_t i) {
  switch (weights.dtype) {
    case DType::kInt32:
      return HostScalar::of(static_cast<int64_t>(element<int32_t>(weights, i)));
    case DType::kInt64:
      return HostScalar::of(element<int64_t>(weights, i));
    case DType::kBool:
      return HostScalar::of(static_cast<int64_t>(element<uint8_t>(weights, i) != 0));
    default:
      return HostScalar::of(static_cast<double>(element<float>(weights, i)));
  }
}

bool holds_constants(DType dtype) {
  return is_floating(dtype) || is_index(dtype) || is_quantized(dtype) || dtype == DType::kBool || dtype == DType::kE8M0;
}

}  // namespace

Types Constant::infer_types(const Types& in) const {
  expect_inputs(in, 0);  // c1
  expect_type(holds_constants(weights.dtype), "a constant",
              "float32, float16, bfloat16, int64, int32, int8, bool, fp8, int4, fp4 or e8m0", weights.dtype);  // c2
  TORCHTRT_REQUIRE(kInvalidArgument, weights.empty() || weights.data != nullptr, "weights of ", weights.count,
                   " elements have no memory");  // c5
  TORCHTRT_REQUIRE(kInvalidArgument,
                   std::all_of(shape.begin(), shape.end(), [](int64_t length) { return length >= kUnknown; }), "shape ",
                   shape, " has a negative length; -1 alone is possible, for the one that the weights tell");  // c6
  return {weights.dtype};
}

Shapes Constant::infer_shapes(const ShapeArgs&) const {
  int unknown_axis = -1;
  int64_t others = 1;
  for (int axis = 0; axis < shape.rank(); ++axis) {
    if (shape[axis] != kUnknown) {
      TORCHTRT_CHECK(!__builtin_mul_overflow(others, shape[axis], &others), "the volume of shape ", shape,
                     " does not fit into 64 bits");
      continue;
    }
    TORCHTRT_CHECK(unknown_axis < 0, "more than one length of shape ", shape, " is unknown");  // c4
    unknown_axis = axis;
  }
  if (unknown_axis < 0) {
    TORCHTRT_CHECK(shape.volume() == weights.count, "shape ", shape, " has ", shape.volume(), " elements, the weights ",
                   weights.count);  // c3
    return {shape};
  }
  TORCHTRT_CHECK(others > 0 && weights.count % others == 0, weights.count, " weights do not fill shape ", shape);  // c3
  Shape result = shape;
  result[unknown_axis] = weights.count / others;
  return {result};
}

std::optional<HostValues> Constant::fold(const HostArgs& in) const {
  if (!on_host(weights.dtype) || weights.count > kMaxHostElements) return std::nullopt;
  HostValue value{weights.dtype, infer_shapes(in)[0], {}};
  value.elements.reserve(weights.count);
  for (int64_t i = 0; i < weights.count; ++i) value.elements.push_back(read(weights, i));
  return HostValues{std::move(value)};
}

TORCHTRT_LAYER(Constant);

}  // namespace torchtrt::engine

// What the families of converters share.
#pragma once

#include "core/conversion/builder.h"
#include "core/conversion/call.h"
#include "core/conversion/registry.h"
#include "core/util/error.h"

namespace torchtrt::conversion {

using nvinfer1::ElementWiseOperation;
using nvinfer1::UnaryOperation;

// Both operands of `self` and `other` in their common type, compared.
Tensor compare(Builder& b, const Call& call, ElementWiseOperation op);

// a / b rounded: "", "trunc" or "floor"; operands and result of one type.
Tensor divide(Builder& b, Tensor a, Tensor other, const std::string& rounding);

// The elements of `x` limited by operands that may be None.
Tensor clamped(Builder& b, Tensor x, const Operand* low, const Operand* high);

inline uint32_t mask_of(const std::vector<int64_t>& axes) {
  uint32_t mask = 0;
  for (const int64_t axis : axes) mask |= 1u << axis;
  return mask;
}

// Refuses integer inputs of layers that compute with floating types only.
inline std::string floating_only(const Query& query, const char* input) {
  return c10::isFloatingType(query.dtype(input)) ? "" : "TensorRT's layer takes floating types only";
}

}  // namespace torchtrt::conversion

// What kernels do with tensors besides computing: place results, widen operands, convert types, read weights.
#pragma once

#include <ATen/TensorOperators.h>

#include "core/engine/layers/kernel.h"

namespace torchtrt::engine {

// What an out= function writes result `i` into: its destination, or an empty tensor that it will resize.
at::Tensor result_tensor(const Call& call, int i = 0);

// Sets result `i`, converted to the type it was declared with; floats round to nearest.
void deliver(Call& call, const at::Tensor& value, int i = 0);

// float32 for half and bfloat16, anything else as it is. Formulas of several steps run on widened operands, so that the
// result is rounded once.
at::Tensor widen(const at::Tensor& x);
bool is_narrow(const at::Tensor& x);

// The conversion of Cast: to integers, floats truncate toward zero and saturate, NaN becomes 0; integers keep low bits.
at::Tensor convert(const at::Tensor& x, at::ScalarType to);

// Weights as a tensor on `device`; on the CPU it shares their memory.
at::Tensor tensor_of(const Weights& weights, c10::IntArrayRef sizes, at::Device device);

}  // namespace torchtrt::engine

// Packed tensors, as kernels see them (Note [Packed tensors] in kernel.h): codes of four bits, two in a byte.
#pragma once

#include "core/engine/layers/kernel.h"

namespace torchtrt::engine {

// One byte per element, in the shape of the tensor.
at::Tensor unpack(const at::Tensor& packed, const Shape& shape);
// The inverse. Codes are bytes below 16, of any shape and layout; they are packed in row-major order.
at::Tensor pack(const at::Tensor& codes);

// The call's input i: unpacked if its type is packed.
at::Tensor unpacked_input(const Call& call, int i);
// Sets result i to `codes`, packed into the destination where there is one.
void deliver_packed(Call& call, const at::Tensor& codes, int i = 0);

// Sets result 0 to input 0 in the result's shape: elements stay in order, so that packed ones stay as they are.
void deliver_reshaped(Call& call);

}  // namespace torchtrt::engine

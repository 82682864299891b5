// Transfer: host values <-> memory <-> tensors.
#pragma once

#include <ATen/core/Tensor.h>

#include "core/engine/shape/host_value.h"

namespace torchtrt::engine {

// A tensor over memory of somebody else; `address` may be null where the volume is zero.
at::Tensor wrap(void* address, const Shape& shape, at::ScalarType type, at::Device device);
// The same for the engine's types, packed ones too (Note [Packed tensors]).
at::Tensor wrap(void* address, const Shape& shape, DType dtype, at::Device device);

// A tensor in CPU memory.
at::Tensor to_tensor(const HostValue& value);
// On the device, in memory of the default stream (Note [Lifetimes of plans]), and waited for: runs may be on any
// stream.
at::Tensor upload(const at::Tensor& on_host, at::Device device);
// Waits for the device. Throws for types that are no shape tensors' (layers.md 1.5).
HostValue to_host(const at::Tensor& tensor, DType dtype);
// The value of a condition. Waits for the device.
bool is_true(const at::Tensor& condition);

HostValue read_host(const void* memory, DType dtype, const Shape& shape);
void write_host(void* memory, const HostValue& value);

inline Shape shape_of(const at::Tensor& tensor) {
  const auto sizes = tensor.sizes();
  return Shape(std::span<const int64_t>(sizes.data(), sizes.size()));
}

}  // namespace torchtrt::engine

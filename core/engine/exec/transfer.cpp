// Transfer: element by element, host values are small.
#include "core/engine/exec/transfer.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>

#include "core/engine/exec/device.h"
#include "core/engine/layers/kernel.h"
#include "core/util/error.h"

namespace torchtrt::engine {
namespace {

constexpr const char* kReadsBack = "what is run next depends on a value that the device computes";
constexpr const char* kRunOutside = "run the engine outside the capture";

template <class T>
void read(const void* memory, HostValue& value, int64_t count) {
  for (int64_t i = 0; i < count; ++i) {
    const T element = static_cast<const T*>(memory)[i];
    if constexpr (std::is_floating_point_v<T>) {
      value.elements.push_back(HostScalar::of(static_cast<double>(element)));
    } else {
      value.elements.push_back(HostScalar::of(static_cast<int64_t>(element)));
    }
  }
}

template <class T>
void write(void* memory, const HostValue& value) {
  for (size_t i = 0; i < value.elements.size(); ++i) {
    const HostScalar& element = value.elements[i];
    if constexpr (std::is_floating_point_v<T>) {
      static_cast<T*>(memory)[i] = static_cast<T>(element.as_float());
    } else {
      static_cast<T*>(memory)[i] = static_cast<T>(element.as_int());
    }
  }
}

}  // namespace

at::Tensor wrap(void* address, const Shape& shape, at::ScalarType type, at::Device device) {
  return at::for_blob(address, c10::IntArrayRef(shape.begin(), shape.end()))
      .options(at::TensorOptions(type).device(device))
      .target_device(device)
      .make_tensor();
}

at::Tensor wrap(void* address, const Shape& shape, DType dtype, at::Device device) {
  return wrap(address, storage_shape_of(dtype, shape), storage_type_of(dtype), device);
}

at::Tensor to_tensor(const HostValue& value) {
  // Types beyond those of shape tensors come from folded constants; they pass through a type that holds them exactly.
  const bool direct = is_index(value.dtype) || value.dtype == DType::kBool || value.dtype == DType::kFloat32;
  HostValue plain = value;
  if (!direct) plain.dtype = is_floating(value.dtype) ? DType::kFloat32 : DType::kInt64;
  at::Tensor tensor = at::empty(c10::IntArrayRef(value.shape.begin(), value.shape.end()), scalar_type_of(plain.dtype));
  write_host(tensor.mutable_data_ptr(), plain);
  return direct ? tensor : tensor.to(scalar_type_of(value.dtype));
}

at::Tensor upload(const at::Tensor& on_host, at::Device device) {
  if (device.is_cpu()) return on_host;
  refuse_capture(device, "the first run with these shapes brings values to the device",
                 "run the engine once with them before the capture");
  const RunScope scope(device, nullptr);
  at::Tensor result = on_host.to(device);
  synchronize(device);
  return result;
}

HostValue to_host(const at::Tensor& tensor, DType dtype) {
  refuse_capture(tensor.device(), kReadsBack, kRunOutside);
  const at::Tensor local = tensor.to(at::kCPU).contiguous();
  return read_host(local.const_data_ptr(), dtype, shape_of(local));
}

bool is_true(const at::Tensor& condition) {
  refuse_capture(condition.device(), kReadsBack, kRunOutside);
  return condition.item().toBool();
}

HostValue read_host(const void* memory, DType dtype, const Shape& shape) {
  HostValue value{dtype, shape, {}};
  const int64_t count = shape.volume();
  switch (dtype) {
    case DType::kInt32:
      read<int32_t>(memory, value, count);
      break;
    case DType::kInt64:
      read<int64_t>(memory, value, count);
      break;
    case DType::kBool:
      read<bool>(memory, value, count);
      break;
    case DType::kFloat32:
      read<float>(memory, value, count);
      break;
    default:
      TORCHTRT_THROW(kUnsupportedDtype, "a shape tensor cannot have type ", dtype);
  }
  return value;
}

void write_host(void* memory, const HostValue& value) {
  switch (value.dtype) {
    case DType::kInt32:
      return write<int32_t>(memory, value);
    case DType::kInt64:
      return write<int64_t>(memory, value);
    case DType::kBool:
      return write<bool>(memory, value);
    case DType::kFloat32:
      return write<float>(memory, value);
    default:
      TORCHTRT_THROW(kUnsupportedDtype, "a shape tensor cannot have type ", value.dtype);
  }
}

}  // namespace torchtrt::engine

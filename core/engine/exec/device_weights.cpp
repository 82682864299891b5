// copy_weights: as bytes, whatever their type.
#include "core/engine/exec/device_weights.h"

#include <cstring>

#include "core/engine/exec/device.h"
#include "core/engine/exec/transfer.h"
#include "core/engine/plan/weights.h"

namespace torchtrt::engine {

Weights copy_weights(const Weights& weights, int index, void* stream) {
  const int64_t bytes = weights.bytes();
  std::shared_ptr<void> memory = allocate_aligned(bytes);
  if (index >= 0) {
    const c10::Device device(c10::DeviceType::CUDA, static_cast<c10::DeviceIndex>(index));
    const RunScope scope(device, stream);
    at::Tensor host = wrap(memory.get(), Shape{bytes}, DType::kUInt8, at::kCPU);
    host.copy_(wrap(const_cast<void*>(weights.data), Shape{bytes}, DType::kUInt8, device));  // waits for the stream
  } else {
    std::memcpy(memory.get(), weights.data, static_cast<size_t>(bytes));
  }
  Weights result = weights;
  result.data = memory.get();
  result.owner = std::move(memory);
  return result;
}

}  // namespace torchtrt::engine

// OutputAllocator: memory for outputs of unknown lengths.
#include "core/runtime/output_allocator.h"

#include <ATen/ops/empty.h>

#include <utility>

#include "core/runtime/types.h"
#include "core/util/error.h"
#include "core/util/log.h"

namespace torchtrt::runtime {

void* OutputAllocator::reallocateOutputAsync(const char* name, void*, uint64_t bytes, uint64_t, cudaStream_t) noexcept {
  try {
    buffer_ = at::empty({static_cast<int64_t>(bytes)}, at::TensorOptions().dtype(at::kByte).device(device_));
    return buffer_.mutable_data_ptr();
  } catch (const std::exception& e) {
    log(LogLevel::kError, join("Output '", name, "': ", bytes, " bytes could not be allocated: ", e.what()));
    return nullptr;
  }
}

void OutputAllocator::notifyShape(const char*, const nvinfer1::Dims& dims) noexcept {
  shape_.assign(dims.d, dims.d + (dims.nbDims > 0 ? dims.nbDims : 0));
  notified_ = true;
}

at::Tensor OutputAllocator::take(const std::string& name) {
  TORCHTRT_REQUIRE(kExecution, notified_, "Output '", name, "': the engine ran but did not tell the shape.");
  notified_ = false;
  int64_t count = 1;
  for (const int64_t length : shape_) count *= length;
  const at::Tensor buffer = std::exchange(buffer_, at::Tensor());
  const auto options = at::TensorOptions().dtype(dtype_).device(device_);
  if (count == 0 || !buffer.defined()) return at::empty(shape_, options);
  const int64_t bytes = count * static_cast<int64_t>(c10::elementSize(dtype_));
  TORCHTRT_REQUIRE(kExecution, buffer.numel() >= bytes, "Output '", name, "': the engine asked for ", buffer.numel(),
                   " bytes and wrote ", bytes, ".");
  const at::Tensor exact = buffer.slice(0, 0, bytes).view(dtype_).view(shape_);
  // The request is an upper bound; a result far below it must not keep all of that alive.
  return buffer.numel() > 2 * bytes + 4096 ? exact.clone() : exact;
}

}  // namespace torchtrt::runtime

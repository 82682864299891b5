// OutputAllocator: memory for an output whose lengths are known only when the engine has run.
#pragma once

#include <ATen/core/TensorBody.h>
#include <NvInferRuntime.h>

#include <string>
#include <vector>

namespace torchtrt::runtime {

class OutputAllocator final : public nvinfer1::IOutputAllocator {
 public:
  OutputAllocator(at::ScalarType dtype, at::Device device) : dtype_(dtype), device_(device) {}

  void* reallocateOutputAsync(const char* name, void* current, uint64_t bytes, uint64_t alignment,
                              cudaStream_t stream) noexcept override;
  void notifyShape(const char* name, const nvinfer1::Dims& dims) noexcept override;

  // The output of the run that just ended; forgets it. Throws Error if the engine told no shape.
  at::Tensor take(const std::string& name);

 private:
  at::ScalarType dtype_;
  at::Device device_;
  at::Tensor buffer_;  // bytes
  std::vector<int64_t> shape_;
  bool notified_ = false;
};

}  // namespace torchtrt::runtime

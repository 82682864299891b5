// CudaKernel: a compiled kernel, loaded and launched through the CUDA driver, which is looked up when one is needed.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace torchtrt::engine {

class CudaKernel {
 public:
  // PTX or a binary for the present device. Throws kExecution with the driver's error.
  CudaKernel(const std::string& code, const std::string& name);
  ~CudaKernel();
  CudaKernel(const CudaKernel&) = delete;
  CudaKernel& operator=(const CudaKernel&) = delete;

  // `shape`: grid x, y, z, block x, y, z, bytes of shared memory. `arguments` are addresses of the arguments.
  void launch(const std::array<int64_t, 7>& shape, std::vector<void*>& arguments, void* stream) const;

 private:
  void* module_ = nullptr;
  void* function_ = nullptr;
};

}  // namespace torchtrt::engine

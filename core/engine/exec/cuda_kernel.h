// CudaKernel: a compiled kernel, loaded and launched through the CUDA driver, which is looked up when one is needed;
// and the few questions that only the driver answers.
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

  // On the device it was loaded on, whatever the thread has done before. `shape`: grid x, y, z, block x, y, z, bytes of
  // shared memory. `arguments` are addresses of the arguments.
  void launch(const std::array<int64_t, 7>& shape, std::vector<void*>& arguments, void* stream) const;

 private:
  int device_ = 0;
  void* module_ = nullptr;
  void* function_ = nullptr;
};

// Makes the context that torch uses on a CUDA device current on this thread. Waits for nothing.
void make_context_current(int device);

// Of a CUDA device: compute capability, 90 for 9.0; and how many multiprocessors it has.
int architecture_of(int device);
int multiprocessor_count(int device);

// Whether a stream (a cudaStream_t) is being captured, as the driver tells.
bool is_stream_captured(void* stream);

}  // namespace torchtrt::engine

// CudaGraph: work recorded from a CUDA stream, to be launched again as a whole.
//
// Note [CUDA graphs]: torch's own class for graphs keeps a private memory pool and the states of random generators in
// order. Its header needs the CUDA toolkit, so its member functions are looked up by name in the libtorch_cuda that the
// process has loaded: one build of the engine serves every torch, and where a name is missing there are no graphs.
#pragma once

#include <c10/core/Device.h>

#include <cstddef>
#include <functional>
#include <memory>
#include <utility>

namespace torchtrt::engine {

// Whether runs may be recorded: torch offers what is needed, and TORCHTRT_EMBEDDED_CUDA_GRAPHS=0|1 does not say 0.
bool records_cuda_graphs();

// Whether work given to the stream (a cudaStream_t) is recorded instead of run. False without CUDA.
bool is_capturing_stream(void* stream);

class CudaGraph {
 public:
  // Memory that recorded work shares; graphs of one pool must not run at the same time.
  using Pool = std::pair<unsigned long long, unsigned long long>;
  static Pool new_pool();

  // Records what `work` gives to the present stream, which is another one meanwhile; nothing runs. Other threads may
  // use the device. Throws what `work` throws, and when something cannot be recorded.
  static std::unique_ptr<CudaGraph> record(c10::Device device, Pool pool, const std::function<void()>& work);

  ~CudaGraph();
  CudaGraph(const CudaGraph&) = delete;
  CudaGraph& operator=(const CudaGraph&) = delete;

  // On the present stream.
  void launch();

 private:
  CudaGraph();

  // at::cuda::CUDAGraph lives here; it has some 400 bytes.
  alignas(std::max_align_t) std::byte storage_[4096];
};

}  // namespace torchtrt::engine

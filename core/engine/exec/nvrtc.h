// Nvrtc: CUDA C++ compiled at run time by the NVRTC that comes with torch, for the present CUDA device.
//
//   const std::string source = std::string(kCudaPrelude) + R"(
//   extern "C" __global__ void twice(const Half* x, Half* y, i64 n) {
//     for (i64 i = (i64)blockIdx.x * blockDim.x + threadIdx.x; i < n; i += (i64)gridDim.x * blockDim.x)
//       y[i] = of_float<Half>(to_float(x[i]) * 2.0f);
//   })";
//   std::shared_ptr<const CudaKernel> kernel = cuda_kernel(source, "twice");     // when bound, or at the first plain
//   run void *x = ..., *y = ...; int64_t n = ...; std::vector<void*> arguments{&x, &y, &n}; // addresses of the
//   arguments kernel->launch({blocks, 1, 1, threads, 1, 1, 0}, arguments, present_stream(call.device()));
//
// Products and sums are not contracted, so that every operation rounds as PyTorch's does; write fmaf where one is
// meant. multiprocessor_count of cuda_kernel.h tells how large a grid needs to be: a few blocks for each.
//
// Note [Compiled kernels]: a kernel is compiled once per process, device and source. Loading one allocates memory on
// the device, which a capture forbids: during one, cuda_kernel gives only what is loaded already, so callers ask for
// their kernels when they are bound and run by their parts where they get none. What failed to compile fails again at
// once.
#pragma once

#include <c10/core/Device.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "core/engine/exec/cuda_kernel.h"

namespace torchtrt::engine {

// Types and conversions that generated code may use, without any of CUDA's headers:
//   i64, u32, u16; Half, BFloat: 16 bits each; Pack<T, N>: N elements that are loaded and stored as one
//   float to_float(T); T of_float<T>(float): rounded to nearest even; for Half, BFloat and float
//   kInfinity, kNaN: floats
extern const char* const kCudaPrelude;

// The kernel `name`, extern "C", of a source, loaded on the present device. Null: it is not loaded, and now it must not
// be, for the present stream is being captured. Throws kExecution with the compiler's log.
std::shared_ptr<const CudaKernel> cuda_kernel(const std::string& source, const std::string& name);

// The same; where the kernel cannot be compiled or loaded: null, and a line in the log once per source.
std::shared_ptr<const CudaKernel> try_cuda_kernel(const std::string& source, const std::string& name);

// The CUDA device that this thread works on.
c10::Device present_device();

// The cudaStream_t that kernels of torch run on.
void* present_stream(c10::Device device);

// Whether it is being captured, as the driver tells.
bool is_present_stream_captured(c10::Device device);

}  // namespace torchtrt::engine

// RunTurn: one run of an engine on a CUDA device, as other threads' recordings have to know it.
//
// Note [Recording alone]: while any stream of a device is being captured, CUDA refuses to wait for the whole device,
// on whatever thread that is tried (torch.cuda.synchronize). Everything else that other threads do stays allowed. So a
// recording starts only while no other thread is inside a run on the device or was a short time ago, and runs that come
// meanwhile wait for its end: threads that run engines and wait for them never meet a recording. Until a thread is
// alone its runs stay plain. A thread that runs no engine is not known here; TORCHTRT_EMBEDDED_CUDA_GRAPHS=0 is for
// programs whose such threads wait for the device all the time.
#pragma once

#include <c10/core/Device.h>

#include <functional>

namespace torchtrt::engine {

class RunTurn {
 public:
  // Waits while another thread records on the device. Nothing on the CPU.
  explicit RunTurn(c10::Device device);
  ~RunTurn();
  RunTurn(const RunTurn&) = delete;
  RunTurn& operator=(const RunTurn&) = delete;

 private:
  c10::Device device_;
};

// Calls `record` unless another thread runs engines on the device, or did lately; whether it was called.
bool record_alone(c10::Device device, const std::function<void()>& record);

}  // namespace torchtrt::engine

// Device: where tensors of the engine live, and the scope in which kernels run. CPU and CUDA by the same code.
#pragma once

#include <c10/core/Device.h>
#include <c10/core/InferenceMode.h>
#include <c10/core/Stream.h>
#include <c10/core/impl/LocalDispatchKeySet.h>

#include <optional>
#include <string_view>

namespace torchtrt::engine {

// The CPU, or the present CUDA device of the thread. Throws if TORCHTRT_EMBEDDED_DEVICE asks for what is not there.
c10::Device engine_device();

// While it lives: kernels run on `device` and `stream` (a cudaStream_t; null: the default stream; ignored on the CPU),
// without autograd, autocast, or Python modes of the caller.
class RunScope {
 public:
  RunScope(c10::Device device, void* stream);
  ~RunScope();
  RunScope(const RunScope&) = delete;
  RunScope& operator=(const RunScope&) = delete;

 private:
  c10::InferenceMode inference_;
  c10::impl::ExcludeDispatchKeyGuard no_modes_;
  std::optional<c10::Device> former_device_;
  std::optional<c10::Stream> former_stream_;
};

// While it lives, the device is the present one of the thread; streams stay as they are. Nothing on the CPU.
class DeviceScope {
 public:
  explicit DeviceScope(c10::Device device);
  ~DeviceScope();
  DeviceScope(const DeviceScope&) = delete;
  DeviceScope& operator=(const DeviceScope&) = delete;

 private:
  std::optional<c10::Device> former_;
};

// At its end the default stream waits for the present one, unless that is captured: memory of the default stream may be
// given back then. Nothing on the CPU.
class ReleaseInOrder {
 public:
  explicit ReleaseInOrder(c10::Device device) : device_(device) {}
  ~ReleaseInOrder();
  ReleaseInOrder(const ReleaseInOrder&) = delete;
  ReleaseInOrder& operator=(const ReleaseInOrder&) = delete;

 private:
  c10::Device device_;
};

// Waits for the present stream of the device, unless it is being captured. Nothing on the CPU.
void synchronize(c10::Device device);

// Whether the present stream of the device is being captured. False on the CPU.
bool is_capturing(c10::Device device);

// Throws kInvalidState while that is so, before anything is done that would spoil the capture. `what`: which a graph
// cannot have; `instead`: what to do.
void refuse_capture(c10::Device device, std::string_view what, std::string_view instead);

}  // namespace torchtrt::engine

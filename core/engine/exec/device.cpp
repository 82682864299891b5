// Device: the choice of device, and stream guards without CUDA headers.
#include "core/engine/exec/device.h"

#include <ATen/Context.h>
#include <c10/core/Event.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include <cstdlib>
#include <string_view>

#include "core/engine/exec/context.h"
#include "core/engine/exec/cuda_graph.h"
#include "core/util/error.h"

namespace torchtrt::engine {
namespace {

bool has_cuda_device() { return at::hasCUDA() && at::detail::getCUDAHooks().deviceCount() > 0; }

c10::impl::VirtualGuardImpl cuda() { return c10::impl::VirtualGuardImpl(c10::DeviceType::CUDA); }

constexpr intptr_t kLegacyStream = 1;  // cudaStreamLegacy, another name of the default stream

// The CUDA stream behind a cudaStream_t. Default streams have the identifier 0; others are named by their address.
c10::Stream stream_of(c10::Device device, void* stream) {
  if (reinterpret_cast<intptr_t>(stream) == kLegacyStream) stream = nullptr;
  return c10::Stream(c10::Stream::UNSAFE, device, static_cast<c10::StreamId>(reinterpret_cast<intptr_t>(stream)));
}

// What the caller's thread may have switched on, and kernels must not see.
const c10::DispatchKeySet kModes = c10::autocast_dispatch_keyset |
                                   c10::DispatchKeySet({c10::DispatchKey::Python, c10::DispatchKey::PythonTLSSnapshot});

}  // namespace

bool runs_on_cuda() {
  const char* wanted = std::getenv("TORCHTRT_EMBEDDED_DEVICE");
  if (wanted == nullptr || *wanted == '\0') return has_cuda_device();
  if (std::string_view(wanted) == "cpu") return false;
  TORCHTRT_REQUIRE(kInvalidConfig, std::string_view(wanted) == "cuda", "TORCHTRT_EMBEDDED_DEVICE is \"", wanted,
                   "\"; cpu or cuda expected");
  TORCHTRT_REQUIRE(
      kInvalidConfig, has_cuda_device(),
      "TORCHTRT_EMBEDDED_DEVICE asks for cuda, but PyTorch sees no CUDA device; unset it to run on the CPU");
  return true;
}

c10::Device engine_device() { return runs_on_cuda() ? cuda().getDevice() : c10::Device(c10::DeviceType::CPU); }

RunScope::RunScope(c10::Device device, void* stream) : no_modes_(kModes) {
  if (!device.is_cuda()) return;
  former_device_ = cuda().exchangeDevice(device);
  former_stream_ = cuda().exchangeStream(stream_of(device, stream));
}

RunScope::~RunScope() {
  if (former_stream_) cuda().exchangeStream(*former_stream_);
  if (former_device_) cuda().uncheckedSetDevice(*former_device_);
}

DeviceScope::DeviceScope(c10::Device device) {
  if (device.is_cuda()) former_ = cuda().exchangeDevice(device);
}

DeviceScope::~DeviceScope() {
  if (former_) cuda().uncheckedSetDevice(*former_);
}

ReleaseInOrder::~ReleaseInOrder() {
  if (!device_.is_cuda()) return;
  try {
    const c10::Stream stream = cuda().getStream(device_), base(c10::Stream::DEFAULT, device_);
    if (stream == base || is_capturing(device_)) return;
    c10::Event done(device_.type());
    done.record(stream);
    done.block(base);
  } catch (const std::exception&) {  // the device is lost
  }
}

void synchronize(c10::Device device) {
  if (!device.is_cuda()) return;
  if (!is_capturing(device)) cuda().synchronizeStream(cuda().getStream(device));
}

bool is_capturing(c10::Device device) {
  return device.is_cuda() && is_capturing_stream(cuda().getStream(device).native_handle());
}

void refuse_capture(c10::Device device, std::string_view what, std::string_view instead) {
  TORCHTRT_REQUIRE(kInvalidState, !is_capturing(device), what, ", which a CUDA graph cannot capture; ", instead);
}

}  // namespace torchtrt::engine

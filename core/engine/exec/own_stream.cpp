// OwnStream: made by the CUDA runtime that torch has loaded, and never destroyed.
#include "core/engine/exec/own_stream.h"

#include <c10/core/impl/VirtualGuardImpl.h>
#include <dlfcn.h>

#include <mutex>
#include <vector>

namespace torchtrt::engine {
namespace {

constexpr unsigned kNonBlocking = 1;  // cudaStreamNonBlocking

std::mutex mutex;
std::vector<c10::Stream>& spare() {
  static auto* streams = new std::vector<c10::Stream>;  // engines may outlive static objects
  return *streams;
}

// One of torch's pool where the function is missing.
c10::Stream make_stream(c10::Device device) {
  const c10::impl::VirtualGuardImpl guard(device.type());
  if (!device.is_cuda()) return guard.getStream(device);
  using Create = int (*)(void**, unsigned flags);
  void* torch_cuda = dlopen("libtorch_cuda.so", RTLD_LAZY | RTLD_NOLOAD);
  const auto create = torch_cuda ? reinterpret_cast<Create>(dlsym(torch_cuda, "cudaStreamCreateWithFlags")) : nullptr;
  void* made = nullptr;
  const c10::Device former = guard.exchangeDevice(device);
  const bool done = create && create(&made, kNonBlocking) == 0;
  guard.uncheckedSetDevice(former);
  if (!done) return guard.getStreamFromGlobalPool(device);
  return c10::Stream(c10::Stream::UNSAFE, device, static_cast<c10::StreamId>(reinterpret_cast<intptr_t>(made)));
}

c10::Stream take(c10::Device device) {
  {
    const std::scoped_lock lock(mutex);
    for (auto found = spare().begin(); found != spare().end(); ++found) {
      if (found->device() != device) continue;
      const c10::Stream stream = *found;
      spare().erase(found);
      return stream;
    }
  }
  return make_stream(device);
}

}  // namespace

OwnStream::OwnStream(c10::Device device) : stream_(take(device)) {}

OwnStream::~OwnStream() {
  const std::scoped_lock lock(mutex);
  spare().push_back(stream_);
}

StreamScope::StreamScope(c10::Stream stream)
    : former_(c10::impl::VirtualGuardImpl(stream.device_type()).exchangeStream(stream)) {}

StreamScope::~StreamScope() { c10::impl::VirtualGuardImpl(former_.device_type()).exchangeStream(former_); }

}  // namespace torchtrt::engine

// Waiting for a run and marking its end, through c10's device-generic interface.
#include "core/engine/exec/wait.h"

#include <c10/core/Stream.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include "core/engine/exec/device.h"

namespace torchtrt::engine {

namespace {

c10::Device device_of(int index) {
  return index < 0 ? c10::Device(c10::DeviceType::CPU)
                   : c10::Device(c10::DeviceType::CUDA, static_cast<c10::DeviceIndex>(index));
}

void wait_on(c10::Device device, void* stream) {
  if (device.is_cpu()) return;
  const RunScope scope(device, stream);
  synchronize(device);
}

}  // namespace

void wait_for_stream(void* stream, int device) { wait_on(device_of(device), stream); }

void wait_for_stream(void* stream) { wait_on(engine_device(), stream); }

void record_event(void* event, void* stream, int index) {
  const c10::Device device = device_of(index);
  if (device.is_cpu() || !event) return;
  const c10::impl::VirtualGuardImpl guard(device.type());
  const RunScope scope(device, stream);
  guard.record(&event, guard.getStream(device), device.index(), c10::EventFlag::PYTORCH_DEFAULT);
}

}  // namespace torchtrt::engine

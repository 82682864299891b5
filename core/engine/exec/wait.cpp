// Waiting for a run and marking its end, through c10's device-generic interface.
#include "core/engine/exec/wait.h"

#include <c10/core/Stream.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include "core/engine/exec/device.h"

namespace torchtrt::engine {

void wait_for_device() { wait_for_stream(nullptr); }

void wait_for_stream(void* stream) {
  const c10::Device device = engine_device();
  if (device.is_cpu()) return;
  const RunScope scope(device, stream);
  synchronize(device);
}

void record_event(void* event, void* stream) {
  const c10::Device device = engine_device();
  if (device.is_cpu() || !event) return;
  const c10::impl::VirtualGuardImpl guard(device.type());
  const RunScope scope(device, stream);
  guard.record(&event, guard.getStream(device), device.index(), c10::EventFlag::PYTORCH_DEFAULT);
}

}  // namespace torchtrt::engine

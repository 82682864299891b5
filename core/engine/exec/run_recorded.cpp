// DeviceContext: runs by CUDA graphs, see Note [Recorded runs].
#include "core/engine/exec/device_context.h"

namespace torchtrt::engine {

// False: the run is still to be done.
bool DeviceContext::run_recorded(const Program& program, void* stream) {
  if (observer_.active() || is_capturing_stream(stream)) return false;
  Recordings& recordings = programs_.front().recordings;
  if (!recordings.recordable) {
    recordings.recordable = is_recordable(plan_->plan(), program);
    for (int i = 0; *recordings.recordable && i < bindings_.count(); ++i) {
      const Shape& shape = program.evaluation().shape(bindings_.binding(i).value);
      recordings.bytes.push_back(aliases_[static_cast<size_t>(i)] >= 0 ? -1 : bindings_.binding(i).bytes(shape));
    }
  }
  if (!*recordings.recordable) return false;
  Addresses addresses;
  for (int i = 0; i < bindings_.count(); ++i) {
    const bool on_host = bindings_.binding(i).on_host;
    if (bindings_[i].allocator || (!on_host && !bindings_[i].address)) return false;
    addresses.push_back(on_host ? nullptr : bindings_[i].address);
  }
  addresses.push_back(reinterpret_cast<void*>(static_cast<intptr_t>(block_.version())));
  return recorder_.run(recordings, addresses, plan_->plan(),
                       [&](const Addresses& others) { run_at(*programs_.front().program, others, stream); });
}

// A plain run with other addresses than the caller's.
void DeviceContext::run_at(Program& program, const Addresses& addresses, void* stream) {
  struct Restore {
    Bindings& bindings;
    Addresses former;
    void put(const Addresses& addresses) {
      for (int i = 0; i < bindings.count(); ++i)
        if (!bindings.binding(i).on_host) bindings[i].address = addresses[static_cast<size_t>(i)];
    }
    ~Restore() { put(former); }
  } restore{bindings_, {}};
  for (int i = 0; i < bindings_.count(); ++i) restore.former.push_back(bindings_[i].address);
  restore.put(addresses);
  run_plain(program, stream);
}

}  // namespace torchtrt::engine

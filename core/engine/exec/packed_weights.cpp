// packed_weights: by address, which is a constant's as long as any context of its plan lives.
#include "core/engine/exec/packed_weights.h"

#include <c10/core/impl/VirtualGuardImpl.h>

#include <algorithm>
#include <map>
#include <mutex>

#include "core/engine/exec/arena.h"
#include "core/engine/exec/cuda_graph.h"
#include "core/engine/exec/device.h"
#include "core/engine/exec/staging.h"
#include "core/util/error.h"
#include "core/util/span.h"

namespace torchtrt::engine {

namespace {

bool is_captured(c10::Device device) {
  if (!device.is_cuda()) return false;
  const c10::Stream stream = c10::impl::VirtualGuardImpl(device.type()).getStream(device);
  return is_capturing_stream(reinterpret_cast<void*>(stream.id()));
}

// On the default stream, whose memory outlives runs on others (Note [Lifetimes of plans]), and waited for: later runs
// may be on any.
at::Tensor packed(c10::Device device, const std::function<at::Tensor()>& pack) {
  if (!device.is_cuda()) return pack();
  const RunScope scope(device, nullptr);
  at::Tensor result = pack();
  synchronize(device);
  return result;
}

}  // namespace

std::shared_ptr<const at::Tensor> packed_weights(const at::Tensor& weights, const std::string& layout,
                                                 const std::function<at::Tensor()>& pack, int most) {
  if (is_streamed(weights)) return nullptr;
  static std::mutex mutex;
  static std::map<std::pair<const void*, std::string>, std::weak_ptr<const at::Tensor>> known;
  const std::lock_guard lock(mutex);
  std::erase_if(known, [](const auto& entry) { return entry.second.expired(); });
  const void* address = weights.const_data_ptr();
  const std::string key = join(layout, ' ', list_of(weights.sizes()), ' ', c10::toString(weights.scalar_type()));
  if (const auto found = known.find({address, key}); found != known.end())
    if (auto kept = found->second.lock()) return kept;
  const auto others =
      std::count_if(known.begin(), known.end(), [&](const auto& entry) { return entry.first.first == address; });
  if (others >= most || is_captured(weights.device())) return nullptr;
  const ArenaRun::Pause pause;
  // Holds the weights: their address is what they are known by.
  const auto forget = [weights](const at::Tensor* packed) { delete packed; };
  std::shared_ptr<const at::Tensor> made(new at::Tensor(packed(weights.device(), pack)), forget);
  known[{address, key}] = made;
  return made;
}

}  // namespace torchtrt::engine

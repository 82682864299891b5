// packed_weights: by address, which is a constant's as long as any context of its plan lives.
#include "core/engine/exec/packed_weights.h"

#include <algorithm>
#include <map>
#include <mutex>

#include "core/engine/exec/arena.h"
#include "core/engine/exec/staging.h"
#include "core/util/error.h"
#include "core/util/span.h"

namespace torchtrt::engine {

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
  if (others >= most) return nullptr;
  const ArenaRun::Pause pause;
  // Holds the weights: their address is what they are known by.
  const auto forget = [weights](const at::Tensor* packed) { delete packed; };
  std::shared_ptr<const at::Tensor> made(new at::Tensor(pack()), forget);
  known[{address, key}] = made;
  return made;
}

}  // namespace torchtrt::engine

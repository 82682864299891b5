// packed_weights: by address, which is a constant's as long as any context of its plan lives.
#include "core/engine/exec/packed_weights.h"

#include <map>
#include <mutex>

namespace torchtrt::engine {

std::shared_ptr<const at::Tensor> packed_weights(const at::Tensor& weights, const std::string& layout,
                                                 const std::function<at::Tensor()>& pack) {
  static std::mutex mutex;
  static std::map<std::pair<const void*, std::string>, std::weak_ptr<const at::Tensor>> known;
  const std::lock_guard lock(mutex);
  std::erase_if(known, [](const auto& entry) { return entry.second.expired(); });
  auto& place = known[{weights.const_data_ptr(), layout}];
  if (auto found = place.lock()) return found;
  auto made = std::make_shared<const at::Tensor>(pack());
  place = made;
  return made;
}

}  // namespace torchtrt::engine

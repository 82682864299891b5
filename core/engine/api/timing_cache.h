// TimingCache: a table from keys to measured times. The engine measures nothing, so it only keeps what it is given.
#pragma once

#include <NvInfer.h>

#include <array>
#include <cstdint>
#include <map>

#include "core/engine/api/report.h"

namespace torchtrt::engine::api {

class TimingCache final : public nv::ITimingCache, public nv::apiv::VTimingCache {
 public:
  explicit TimingCache(const Report& report) : report_(report) { mImpl = this; }

  // Adds what `serialize` wrote. Throws kCorruptPlan for anything else.
  void read(const void* blob, std::size_t size);

  nv::IHostMemory* serialize() const noexcept override;
  bool combine(const nv::ITimingCache& other, bool ignore_mismatch) noexcept override;
  bool reset() noexcept override;
  int64_t queryKeys(nv::TimingCacheKey* keys, int64_t capacity) const noexcept override;
  nv::TimingCacheValue query(const nv::TimingCacheKey& key) const noexcept override;
  bool update(const nv::TimingCacheKey& key, const nv::TimingCacheValue& value) noexcept override;

 private:
  using Key = std::array<uint8_t, 16>;
  static Key key_of(const nv::TimingCacheKey& key);

  Report report_;
  std::map<Key, nv::TimingCacheValue> entries_;
};

}  // namespace torchtrt::engine::api

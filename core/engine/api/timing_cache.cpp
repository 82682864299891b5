// TimingCache: format "TTRTTIMC", version, count, then key (16 bytes), hash (8), time (4) per entry; little endian.
#include "core/engine/api/timing_cache.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "core/engine/api/host_memory.h"
#include "core/util/error.h"

namespace torchtrt::engine::api {
namespace {

constexpr char kMagic[8] = {'T', 'T', 'R', 'T', 'T', 'I', 'M', 'C'};
constexpr uint32_t kVersion = 1;
constexpr size_t kHeader = sizeof(kMagic) + sizeof(kVersion) + sizeof(uint64_t);
constexpr size_t kEntry = 16 + sizeof(uint64_t) + sizeof(float);

template <class T>
void put(std::vector<std::byte>& out, const T& value) {
  const auto* bytes = reinterpret_cast<const std::byte*>(&value);
  out.insert(out.end(), bytes, bytes + sizeof(T));
}

template <class T>
T take(const std::byte*& at) {
  T value;
  std::memcpy(&value, at, sizeof(T));
  at += sizeof(T);
  return value;
}

bool is_valid(const nv::TimingCacheValue& value) {
  return value.tacticHash != nv::TimingCacheValue::kINVALID_TACTIC_HASH && value.timingMSec >= 0;
}

}  // namespace

TimingCache::Key TimingCache::key_of(const nv::TimingCacheKey& key) {
  Key result;
  std::copy(std::begin(key.data), std::end(key.data), result.begin());
  return result;
}

void TimingCache::read(const void* blob, std::size_t size) {
  const auto* at = static_cast<const std::byte*>(blob);
  const bool header = size >= kHeader && std::memcmp(at, kMagic, sizeof(kMagic)) == 0;
  TORCHTRT_REQUIRE(kCorruptPlan, header, "the ", size, " bytes are not a timing cache of this engine");
  at += sizeof(kMagic);
  const auto version = take<uint32_t>(at);
  const auto count = take<uint64_t>(at);
  TORCHTRT_REQUIRE(kCorruptPlan, version == kVersion, "the timing cache has format ", version, ", expected ", kVersion);
  TORCHTRT_REQUIRE(kCorruptPlan, (size - kHeader) % kEntry == 0 && (size - kHeader) / kEntry == count,
                   "the timing cache has ", size, " bytes, which do not hold its ", count, " entries");
  for (uint64_t i = 0; i < count; ++i) {
    const auto key = take<Key>(at);
    nv::TimingCacheValue value{};
    value.tacticHash = take<uint64_t>(at);
    value.timingMSec = take<float>(at);
    TORCHTRT_REQUIRE(kCorruptPlan, is_valid(value), "entry ", i, " of the timing cache is not valid");
    entries_[key] = value;
  }
}

nv::IHostMemory* TimingCache::serialize() const noexcept {
  return report_.guard("ITimingCache::serialize", static_cast<nv::IHostMemory*>(nullptr), [&] {
    std::vector<std::byte> out;
    for (const char c : kMagic) put(out, c);
    put(out, kVersion);
    put(out, static_cast<uint64_t>(entries_.size()));
    for (const auto& [key, value] : entries_) {
      put(out, key);
      put(out, value.tacticHash);
      put(out, value.timingMSec);
    }
    return new HostMemory(std::move(out));
  });
}

bool TimingCache::combine(const nv::ITimingCache& other, bool) noexcept {
  return report_.attempt("ITimingCache::combine", [&] {
    const auto& more = static_cast<const TimingCache&>(other).entries_;
    entries_.insert(more.begin(), more.end());  // entries of both keep this cache's value
  });
}

bool TimingCache::reset() noexcept {
  entries_.clear();
  return true;
}

int64_t TimingCache::queryKeys(nv::TimingCacheKey* keys, int64_t capacity) const noexcept {
  if (capacity < 0 || (capacity > 0 && !keys)) return -1;
  int64_t i = 0;
  for (const auto& named : entries_) {
    if (i == capacity) break;
    std::copy(named.first.begin(), named.first.end(), keys[i++].data);
  }
  return static_cast<int64_t>(entries_.size());
}

nv::TimingCacheValue TimingCache::query(const nv::TimingCacheKey& key) const noexcept {
  const auto found = entries_.find(key_of(key));
  return found == entries_.end() ? nv::TimingCacheValue{nv::TimingCacheValue::kINVALID_TACTIC_HASH, -1.0f}
                                 : found->second;
}

bool TimingCache::update(const nv::TimingCacheKey& key, const nv::TimingCacheValue& value) noexcept {
  const auto found = entries_.find(key_of(key));
  if (found == entries_.end()) return false;
  if (std::isnan(value.timingMSec)) return entries_.erase(found), true;
  if (!is_valid(value)) return false;
  found->second = value;
  return true;
}

}  // namespace torchtrt::engine::api

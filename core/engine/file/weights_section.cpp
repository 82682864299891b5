// Weights section: offsets are checked against the section before a pointer is made of them.
#include "core/engine/file/weights_section.h"

#include <algorithm>

#include "core/engine/plan/refit.h"
#include "core/engine/plan/weights.h"

namespace torchtrt::engine {
namespace {

constexpr uint64_t kAlignment = 64;
constexpr uint64_t kAbsent = ~uint64_t{0};     // in place of an offset
constexpr int64_t kMostAbsent = int64_t{1} << 42;  // bytes of one of them: nothing in the file bounds it

}  // namespace

void WeightsWriter::put(Writer& out, const Weights& weights) {
  out.put(weights.dtype);
  out.put(weights.count);
  out.put(weights.name);
  const int64_t size = weights.empty() ? 0 : weights.bytes();
  if (size == 0) return out.put(uint64_t{0});
  if (absent_.contains(count_++)) return out.put(kAbsent);
  const uint64_t end = (section_.length + kAlignment - 1) / kAlignment * kAlignment;
  const auto [place, fresh] = offsets_.try_emplace({weights.data, size}, end);
  out.put(place->second);
  if (!fresh) return;
  const auto* data = static_cast<const std::byte*>(weights.data);
  section_.pieces.push_back({end, ByteSpan(data, static_cast<size_t>(size))});
  section_.length = end + static_cast<uint64_t>(size);
}

WeightsReader::WeightsReader(ByteSpan section) : length_(section.size()) {
  std::shared_ptr<void> memory = allocate_aligned(static_cast<int64_t>(section.size()));
  std::copy(section.begin(), section.end(), static_cast<std::byte*>(memory.get()));
  memory_ = std::shared_ptr<const std::byte>(memory, static_cast<const std::byte*>(memory.get()));
}

Weights WeightsReader::get(Cursor& in) {
  Weights weights;
  weights.dtype = in.get<DType>();
  weights.count = in.get<int64_t>();
  weights.name = in.get<std::string>();
  const auto offset = in.get<uint64_t>();
  dtype_row(weights.dtype);  // throws for a type that there is not
  if (weights.count == 0) return weights;
  const size_t ordinal = count_++;
  if (offset == kAbsent) {
    TORCHTRT_REQUIRE(kCorruptPlan, weights.count > 0 && weights.count < kMostAbsent / 8, "the plan is damaged: ",
                     weights.count, " weights are left out");
    absent_.insert(ordinal);
    weights.owner = zeros(weights.bytes());
    weights.data = weights.owner.get();
    return weights;
  }
  const bool inside = weights.count > 0 && offset <= length_ && offset % kAlignment == 0 &&
                      static_cast<uint64_t>(weights.count) <= length_ * 8 &&
                      static_cast<uint64_t>(weights.bytes()) <= length_ - offset;
  TORCHTRT_REQUIRE(kCorruptPlan, inside, "the plan is damaged: ", weights.count, " weights lie outside their section");
  weights.data = memory_.get() + offset;
  weights.owner = std::shared_ptr<const void>(memory_, weights.data);
  return weights;
}

}  // namespace torchtrt::engine

// Weights section: offsets are checked against the section before a pointer is made of them.
#include "core/engine/file/weights_section.h"

#include <cstring>

#include "core/engine/plan/refit.h"
#include "core/engine/plan/weights.h"

namespace torchtrt::engine {
namespace {

constexpr uint64_t kAlignment = 64;
constexpr uint64_t kAbsent = ~uint64_t{0};         // in place of an offset
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

// Distinct memory does not overlap, so there is no more of it than the section.
std::shared_ptr<const void> WeightsReader::copy(uint64_t offset, int64_t bytes) {
  std::shared_ptr<const void>& known = copies_[{offset, bytes}];
  if (known) return known;
  copied_ += static_cast<uint64_t>(bytes);
  TORCHTRT_REQUIRE(kCorruptPlan, copied_ <= section_.size(), "the plan is damaged: weights overlap");
  std::shared_ptr<void> memory = allocate_aligned(bytes);
  std::memcpy(memory.get(), section_.data() + offset, static_cast<size_t>(bytes));
  return known = std::move(memory);
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
    TORCHTRT_REQUIRE(kCorruptPlan, weights.count > 0 && weights.count < kMostAbsent / 8,
                     "the plan is damaged: ", weights.count, " weights are left out");
    absent_.insert(ordinal);
    weights.owner = zeros(weights.bytes());
    weights.data = weights.owner.get();
    return weights;
  }
  const uint64_t length = section_.size();
  const bool inside = weights.count > 0 && offset <= length && offset % kAlignment == 0 &&
                      static_cast<uint64_t>(weights.count) <= length * 8 &&
                      static_cast<uint64_t>(weights.bytes()) <= length - offset;
  TORCHTRT_REQUIRE(kCorruptPlan, inside, "the plan is damaged: ", weights.count, " weights lie outside their section");
  weights.owner = copy(offset, weights.bytes());
  weights.data = weights.owner.get();
  return weights;
}

}  // namespace torchtrt::engine

// Saturating arithmetic on 128 bits.
#include "core/lowering/interval.h"

#include <algorithm>
#include <initializer_list>

namespace torchtrt::lowering {
namespace {

__extension__ using Wide = __int128;

// The interval, or everything where an end is outside int64 (Note [Wrapping]).
Interval checked(Wide low, Wide high) {
  constexpr Wide kLow = std::numeric_limits<int64_t>::min(), kHigh = std::numeric_limits<int64_t>::max();
  if (low < kLow || high > kHigh) return Interval::everything();
  return {static_cast<int64_t>(low), static_cast<int64_t>(high)};
}

int64_t floor_of(int64_t a, int64_t b) {
  const int64_t quotient = a / b;
  return (a % b != 0 && (a < 0) != (b < 0)) ? quotient - 1 : quotient;
}

}  // namespace

Interval range_of(DType dtype) {
  switch (dtype) {
    case DType::kBool:
      return {0, 1};
    case DType::kUInt8:
      return {0, 255};
    case DType::kInt8:
      return {-128, 127};
    case DType::kInt16:
      return {-32768, 32767};
    case DType::kInt32:
      return {std::numeric_limits<int32_t>::min(), std::numeric_limits<int32_t>::max()};
    default:
      return Interval::everything();
  }
}

Interval hull(const Interval& a, const Interval& b) { return {std::min(a.low, b.low), std::max(a.high, b.high)}; }

Interval operator+(const Interval& a, const Interval& b) { return checked(Wide(a.low) + b.low, Wide(a.high) + b.high); }

Interval operator-(const Interval& a, const Interval& b) { return checked(Wide(a.low) - b.high, Wide(a.high) - b.low); }

Interval operator-(const Interval& a) { return checked(-Wide(a.high), -Wide(a.low)); }

Interval operator*(const Interval& a, const Interval& b) {
  const auto ends = {Wide(a.low) * b.low, Wide(a.low) * b.high, Wide(a.high) * b.low, Wide(a.high) * b.high};
  return checked(std::min(ends), std::max(ends));
}

Interval floor_divide(const Interval& a, const Interval& b) {
  if (b.contains(0) || a.is_everything()) return Interval::everything();
  const auto ends = {floor_of(a.low, b.low), floor_of(a.low, b.high), floor_of(a.high, b.low),
                     floor_of(a.high, b.high)};
  return {std::min(ends), std::max(ends)};
}

Interval remainder(const Interval&, const Interval& b) {
  if (b.contains(0)) return Interval::everything();
  return b.low > 0 ? Interval{0, b.high - 1} : Interval{b.low + 1, 0};
}

Interval absolute(const Interval& a) {
  if (a.low == std::numeric_limits<int64_t>::min()) return Interval::everything();
  const int64_t low = a.contains(0) ? 0 : std::min(std::abs(a.low), std::abs(a.high));
  return {low, std::max(std::abs(a.low), std::abs(a.high))};
}

Interval minimum(const Interval& a, const Interval& b) { return {std::min(a.low, b.low), std::min(a.high, b.high)}; }

Interval maximum(const Interval& a, const Interval& b) { return {std::max(a.low, b.low), std::max(a.high, b.high)}; }

std::ostream& operator<<(std::ostream& out, const Interval& interval) {
  if (interval.is_everything()) return out << "any int64";
  return out << '[' << interval.low << ", " << interval.high << ']';
}

}  // namespace torchtrt::lowering

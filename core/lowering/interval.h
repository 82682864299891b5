// Interval: the closed range [low, high] an integer value is known to lie in; arithmetic saturates at int64.
#pragma once

#include <cstdint>
#include <limits>
#include <ostream>

#include "core/util/dtype.h"

namespace torchtrt::lowering {

// Note [Wrapping]: int64 arithmetic wraps, an interval saturates. A result that touches the end of int64 is therefore
// taken as unknown, never as proof.
struct Interval {
  int64_t low = std::numeric_limits<int64_t>::min();
  int64_t high = std::numeric_limits<int64_t>::max();

  static Interval everything() { return {}; }
  static Interval of(int64_t value) { return {value, value}; }

  bool operator==(const Interval&) const = default;
  bool is_everything() const { return *this == everything(); }
  bool contains(int64_t value) const { return low <= value && value <= high; }
  bool within(const Interval& other) const { return other.low <= low && high <= other.high; }
};

// Values an integer or boolean type can hold.
Interval range_of(DType dtype);

Interval hull(const Interval& a, const Interval& b);
Interval operator+(const Interval& a, const Interval& b);
Interval operator-(const Interval& a, const Interval& b);
Interval operator-(const Interval& a);
Interval operator*(const Interval& a, const Interval& b);
Interval floor_divide(const Interval& a, const Interval& b);  // everything where b may be 0
Interval remainder(const Interval& a, const Interval& b);     // sign of b, as in Python
Interval absolute(const Interval& a);
Interval minimum(const Interval& a, const Interval& b);
Interval maximum(const Interval& a, const Interval& b);

std::ostream& operator<<(std::ostream& out, const Interval& interval);

}  // namespace torchtrt::lowering

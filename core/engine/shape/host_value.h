// HostValue: the value of a shape tensor, element by element, some elements perhaps not known yet.
#pragma once

#include <cstdint>
#include <optional>
#include <ostream>
#include <vector>

#include "core/engine/shape/shape.h"
#include "core/util/dtype.h"

namespace torchtrt::engine {

// One element. Integers and booleans are kept in `i`, floats in `f`; `known` false: only run time knows.
struct HostScalar {
  bool known = false;
  bool floating = false;
  union {
    int64_t i = 0;
    double f;
  };

  static HostScalar unknown() { return {}; }
  static HostScalar of(int64_t value);
  static HostScalar of(double value);
  int64_t as_int() const { return floating ? static_cast<int64_t>(f) : i; }
  double as_float() const { return floating ? f : static_cast<double>(i); }
  bool operator==(const HostScalar& other) const;
};

// A tensor small enough to be evaluated on the host. Its shape is always fully known; its elements need not be.
// Values beyond kMaxHostElements are not tracked (layers answer nullopt).
struct HostValue {
  DType dtype = DType::kInt64;
  Shape shape;
  std::vector<HostScalar> elements;  // row major, shape.volume() of them

  bool is_known() const;
  // The elements as a list of lengths: kUnknown where not known. For rank 0 and 1.
  std::vector<int64_t> as_lengths() const;
  bool operator==(const HostValue& other) const;
};

inline constexpr int64_t kMaxHostElements = 1024;

std::ostream& operator<<(std::ostream& out, const HostValue& value);

}  // namespace torchtrt::engine

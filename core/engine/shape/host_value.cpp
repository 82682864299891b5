// HostValue: comparison, printing, reading as lengths.
#include "core/engine/shape/host_value.h"

#include <algorithm>

#include "core/util/error.h"

namespace torchtrt::engine {

HostScalar HostScalar::of(int64_t value) {
  HostScalar scalar;
  scalar.known = true;
  scalar.i = value;
  return scalar;
}

HostScalar HostScalar::of(double value) {
  HostScalar scalar;
  scalar.known = true;
  scalar.floating = true;
  scalar.f = value;
  return scalar;
}

bool HostScalar::operator==(const HostScalar& other) const {
  if (known != other.known) return false;
  if (!known) return true;
  return floating == other.floating && i == other.i;  // same bits, so that NaN equals itself
}

bool HostValue::is_known() const {
  return std::all_of(elements.begin(), elements.end(), [](const HostScalar& e) { return e.known; });
}

std::vector<int64_t> HostValue::as_lengths() const {
  TORCHTRT_CHECK(shape.rank() <= 1, "a list of lengths has rank 0 or 1, not shape ", shape);
  std::vector<int64_t> lengths(elements.size());
  std::transform(elements.begin(), elements.end(), lengths.begin(),
                 [](const HostScalar& e) { return e.known ? e.as_int() : kUnknown; });
  return lengths;
}

bool HostValue::operator==(const HostValue& other) const {
  return dtype == other.dtype && shape == other.shape && elements == other.elements;
}

std::ostream& operator<<(std::ostream& out, const HostValue& value) {
  out << value.dtype << value.shape << " {";
  const char* separator = "";
  for (const HostScalar& element : value.elements) {
    out << separator;
    if (!element.known) {
      out << '?';
    } else if (element.floating) {
      out << element.f;
    } else {
      out << element.i;
    }
    separator = ", ";
  }
  return out << '}';
}

}  // namespace torchtrt::engine

// Host evaluation, element by element.
#include "core/engine/layers/host_math.h"

#include <cmath>
#include <limits>

namespace torchtrt::engine {
namespace {

// Nearest integer below in magnitude; out of range saturates, NaN is 0.
int64_t saturate(DType to, double value) {
  if (std::isnan(value)) return 0;
  const bool narrow = to == DType::kInt32;
  const int64_t low = narrow ? std::numeric_limits<int32_t>::min() : std::numeric_limits<int64_t>::min();
  const int64_t high = narrow ? std::numeric_limits<int32_t>::max() : std::numeric_limits<int64_t>::max();
  if (value <= static_cast<double>(low)) return low;
  if (value >= static_cast<double>(high)) return high;
  return static_cast<int64_t>(value);
}

}  // namespace

bool on_host(DType dtype) { return is_index(dtype) || dtype == DType::kBool || dtype == DType::kFloat32; }

HostScalar host_scalar(DType dtype, int64_t value) {
  switch (dtype) {
    case DType::kInt32:
      return HostScalar::of(static_cast<int64_t>(static_cast<int32_t>(value)));
    case DType::kBool:
      return HostScalar::of(static_cast<int64_t>(value != 0));
    case DType::kFloat32:
      return HostScalar::of(static_cast<double>(static_cast<float>(value)));
    default:
      return HostScalar::of(value);
  }
}

HostScalar host_scalar(DType dtype, double value) {
  if (dtype == DType::kFloat32) return HostScalar::of(static_cast<double>(static_cast<float>(value)));
  if (dtype == DType::kBool) return HostScalar::of(static_cast<int64_t>(value != 0));
  return HostScalar::of(saturate(dtype, value));
}

HostScalar host_cast(DType to, const HostScalar& value) {
  if (!value.known) return HostScalar::unknown();
  return value.floating ? host_scalar(to, value.f) : host_scalar(to, value.i);
}

std::optional<HostValues> map_elements(const HostArgs& in, DType out, const HostUnary& f) {
  const HostValue* value = in.value(0);
  if (value == nullptr || !on_host(value->dtype) || !on_host(out)) return std::nullopt;
  HostValue result{out, value->shape, {}};
  result.elements.reserve(value->elements.size());
  for (const HostScalar& element : value->elements)
    result.elements.push_back(element.known ? f(element) : HostScalar::unknown());
  return HostValues{std::move(result)};
}

int64_t broadcast_position(const Shape& from, const Shape& to, int64_t position) {
  int64_t result = 0, stride = 1;
  for (int axis = to.rank() - 1; axis >= 0; --axis) {
    const int64_t index = position % to[axis];
    position /= to[axis];
    if (from[axis] != 1) result += index * stride;
    stride *= from[axis];
  }
  return result;
}

std::optional<HostValues> map_pairs(const HostArgs& in, DType out, const HostBinary& f) {
  const HostValue *a = in.value(0), *b = in.value(1);
  if (a == nullptr || b == nullptr || !on_host(a->dtype) || !on_host(b->dtype) || !on_host(out)) return std::nullopt;
  HostValue result{out, broadcast(a->shape, b->shape), {}};
  const int64_t count = result.shape.volume();
  if (count > kMaxHostElements) return std::nullopt;
  for (int64_t i = 0; i < count; ++i) {
    const HostScalar& left = a->elements[broadcast_position(a->shape, result.shape, i)];
    const HostScalar& right = b->elements[broadcast_position(b->shape, result.shape, i)];
    result.elements.push_back(f(left, right));
  }
  return HostValues{std::move(result)};
}

}  // namespace torchtrt::engine

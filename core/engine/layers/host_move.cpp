// Host evaluation by coordinates.
#include "core/engine/layers/host_move.h"

#include "core/engine/layers/host_math.h"

namespace torchtrt::engine {

bool is_trackable(const Shape& shape) {
  return shape.is_valid() && shape.is_known() && shape.volume() <= kMaxHostElements;
}

std::optional<HostValue> operand(const HostArgs& in, int i) {
  if (!in.has(i)) return std::nullopt;
  if (const HostValue* value = in.value(i)) return *value;
  if (!is_trackable(in[i])) return std::nullopt;
  return HostValue{in.type(i), in[i], std::vector<HostScalar>(static_cast<size_t>(in[i].volume()))};
}

bool any_value(const HostArgs& in) {
  for (int i = 0; i < in.size(); ++i)
    if (in.value(i)) return true;
  return false;
}

int64_t position_of(const Shape& shape, const Coordinates& at) {
  int64_t position = 0;
  for (int axis = 0; axis < shape.rank(); ++axis) position = position * shape[axis] + at[axis];
  return position;
}

void for_each(const Shape& shape, const std::function<void(const Coordinates&)>& visit) {
  Coordinates at{};
  for (int64_t left = shape.volume(); left > 0; --left) {
    visit(at);
    for (int axis = shape.rank() - 1; axis >= 0 && ++at[axis] == shape[axis]; --axis) at[axis] = 0;
  }
}

HostValue generate(DType dtype, const Shape& shape, const std::function<HostScalar(const Coordinates&)>& element) {
  HostValue value{dtype, shape, {}};
  value.elements.reserve(static_cast<size_t>(shape.volume()));
  for_each(shape, [&](const Coordinates& at) { value.elements.push_back(element(at)); });
  return value;
}

Shape transposed(const Shape& shape, const std::vector<int64_t>& order) {
  if (order.empty()) return shape;
  Shape result = shape;
  for (int i = 0; i < shape.rank(); ++i) result[i] = shape[static_cast<int>(order[i])];
  return result;
}

HostValue transposed(const HostValue& value, const std::vector<int64_t>& order) {
  if (order.empty()) return value;
  return generate(value.dtype, transposed(value.shape, order), [&](const Coordinates& at) {
    Coordinates source{};
    for (size_t i = 0; i < order.size(); ++i) source[static_cast<size_t>(order[i])] = at[i];
    return value.elements[static_cast<size_t>(position_of(value.shape, source))];
  });
}

HostValue reshaped(HostValue value, const Shape& shape) {
  value.shape = shape;
  return value;
}

HostScalar zero_of(DType dtype) { return host_scalar(dtype, int64_t{0}); }

HostScalar add(DType dtype, const HostScalar& a, const HostScalar& b) {
  if (!a.known || !b.known) return HostScalar::unknown();
  if (is_floating(dtype)) return host_scalar(dtype, a.as_float() + b.as_float());
  return host_scalar(dtype,
                     static_cast<int64_t>(static_cast<uint64_t>(a.as_int()) + static_cast<uint64_t>(b.as_int())));
}

HostScalar multiply(DType dtype, const HostScalar& a, const HostScalar& b) {
  if (!a.known || !b.known) return HostScalar::unknown();
  if (is_floating(dtype)) return host_scalar(dtype, a.as_float() * b.as_float());
  return host_scalar(dtype,
                     static_cast<int64_t>(static_cast<uint64_t>(a.as_int()) * static_cast<uint64_t>(b.as_int())));
}

}  // namespace torchtrt::engine

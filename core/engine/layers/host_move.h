// Host evaluation by coordinates: what the folds of layers that move elements share.
#pragma once

#include <array>
#include <functional>
#include <optional>

#include "core/engine/layers/layer.h"

namespace torchtrt::engine {

// One coordinate per axis.
using Coordinates = std::array<int64_t, kMaxRank>;

// Few enough elements, all lengths known.
bool is_trackable(const Shape& shape);
// Value of input i; all elements unknown where the host has none; nullopt where it cannot be tracked.
std::optional<HostValue> operand(const HostArgs& in, int i);
// The host knows something of at least one input.
bool any_value(const HostArgs& in);

// Row major position of coordinates, which lie inside.
int64_t position_of(const Shape& shape, const Coordinates& at);
// Calls visit(coordinates) for each element, in row major order.
void for_each(const Shape& shape, const std::function<void(const Coordinates&)>& visit);
// A value of `shape` whose element at each coordinates is element(coordinates).
HostValue generate(DType dtype, const Shape& shape, const std::function<HostScalar(const Coordinates&)>& element);

// out axis i is axis order[i] of the argument; an empty order changes nothing.
Shape transposed(const Shape& shape, const std::vector<int64_t>& order);
HostValue transposed(const HostValue& value, const std::vector<int64_t>& order);
// Same elements in the same order.
HostValue reshaped(HostValue value, const Shape& shape);

HostScalar zero_of(DType dtype);
// a + b, a * b in the type; unknown where one is.
HostScalar add(DType dtype, const HostScalar& a, const HostScalar& b);
HostScalar multiply(DType dtype, const HostScalar& a, const HostScalar& b);

}  // namespace torchtrt::engine

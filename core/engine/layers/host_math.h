// Host evaluation, element by element: what fold() of several layer kinds shares.
//
// An element that is not known gives an element that is not known. Integers are kept as they are in their type: results
// wrap. Floats are kept in a double and rounded to float32, as the device would.
#pragma once

#include <functional>

#include "core/engine/layers/layer.h"

namespace torchtrt::engine {

// Types of which the host evaluates values (layers.md 1.5): int32, int64, bool, float32.
bool on_host(DType dtype);

// The element as `dtype` keeps it: wrapped integer, rounded float, 0 or 1.
HostScalar host_scalar(DType dtype, int64_t value);
HostScalar host_scalar(DType dtype, double value);

// The conversion of Cast: floats saturate, NaN becomes 0, integers keep their low bits.
HostScalar host_cast(DType to, const HostScalar& value);

using HostUnary = std::function<HostScalar(const HostScalar&)>;
using HostBinary = std::function<HostScalar(const HostScalar&, const HostScalar&)>;

// f of each known element of input 0; nullopt where its value or type is not on the host.
std::optional<HostValues> map_elements(const HostArgs& in, DType out, const HostUnary& f);
// f of each pair of elements, known or not, of inputs 0 and 1 after broadcasting.
std::optional<HostValues> map_pairs(const HostArgs& in, DType out, const HostBinary& f);

// Row-major position in a tensor of shape `from` that `position` in `to` reads when `from` is broadcast to `to`.
int64_t broadcast_position(const Shape& from, const Shape& to, int64_t position);

}  // namespace torchtrt::engine

// Rules that many layer kinds share, so that one violation reads the same everywhere.
#pragma once

#include <string_view>

#include "core/engine/layers/layer.h"

namespace torchtrt::engine {

// Exactly `count` inputs, each of them there.
void expect_inputs(const Types& in, size_t count);
// `least` inputs that are there, and up to `most` in all; those behind `least` may be absent.
void expect_inputs(const Types& in, size_t least, size_t most);

// All inputs that are there have one type.
void expect_one_type(const Types& in);

// Throws "<what> has to be <wanted>, not <type>".
void expect_type(bool accepted, std::string_view what, std::string_view wanted, DType type);

// Broadcast as in layers.md 1.3, with both shapes in the message.
Shape expect_broadcast(const Shape& a, const Shape& b);

// Whether two lengths can be equal, as far as is known.
constexpr bool may_equal(int64_t a, int64_t b) { return a == b || a == kUnknown || b == kUnknown; }

}  // namespace torchtrt::engine

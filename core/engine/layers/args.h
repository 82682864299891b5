// Reading the arguments of type and shape rules: optional inputs, and lists of numbers whose elements may be unknown.
#pragma once

#include <optional>
#include <vector>

#include "core/engine/layers/layer.h"
#include "core/engine/layers/rules.h"

namespace torchtrt::engine {

// Numbers of a shape tensor or of a static parameter; nullopt where only run time knows. Unlike lengths in a Shape,
// -1 here is a value.
using HostList = std::vector<std::optional<int64_t>>;

// kNone where the input is absent.
inline DType type_at(const Types& in, size_t i) { return i < in.size() ? in[i] : DType::kNone; }

// Throws unless input i is absent or of type int32 or int64.
void check_index_input(const char* what, const Types& in, size_t i);
// What moves data without looking at it takes every type but uint8, which is for network inputs and outputs.
void check_movable(DType type);

HostList list_of_numbers(const std::vector<int64_t>& numbers);
// Elements of input i. Throws unless it has one axis of known length.
HostList list_of_input(const char* what, const ShapeArgs& in, int i);
// The element of the rank-0 input i. Throws for another rank.
std::optional<int64_t> number_of_input(const char* what, const ShapeArgs& in, int i);

// axis + rank where axis is negative; throws where it is outside [-rank, rank).
int checked_axis(int64_t axis, int rank);
// The same for a list; throws where an axis is named twice.
std::vector<int> checked_axes(const std::vector<int64_t>& axes, int rank);
// All elements, or nullopt where one is unknown.
std::optional<std::vector<int64_t>> known_numbers(const HostList& list);

}  // namespace torchtrt::engine

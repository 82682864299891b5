// Weights of convolutions as numbers, for passes that compute new ones.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/engine/graph/graph.h"

namespace torchtrt::engine {

using Floats = std::vector<float>;

// The elements of a constant of a real type; nullopt: it is something else, or absent.
std::optional<Floats> floats_of(const Graph& graph, ValueId value);

// A constant of a real type.
ValueId add_floats(Graph& graph, Floats values, DType dtype, const Shape& shape, const std::string& name);

// Whether the type holds the values of so many maps; `least` is the smallest that the largest of each map may be,
// unless that is 0.
bool fits(const Floats& values, int64_t maps, DType dtype, float least);

}  // namespace torchtrt::engine

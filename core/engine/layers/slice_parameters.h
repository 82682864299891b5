// SliceParameters: start, size and stride of a Slice spread over all axes of its data.
#pragma once

#include <optional>
#include <vector>

#include "core/engine/layers/args.h"
#include "core/engine/layers/slice.h"

namespace torchtrt::engine {

// What happens along one axis; nullopt where only run time knows.
struct AxisSlice {
  std::optional<int64_t> start, size, stride;
};

// One per axis of the data; axes that are not sliced pass whole.
using AxisSlices = std::vector<AxisSlice>;

// Reads the static parameters and the inputs that replace them. nullopt where the axes are not known yet.
std::optional<AxisSlices> slice_parameters(const Slice& op, const ShapeArgs& in);

// Index along an axis of `length` that output position i reads; -1: the fill value. The position is inside for strict
// bounds.
int64_t sampled_index(SampleMode mode, int64_t index, int64_t length);

}  // namespace torchtrt::engine

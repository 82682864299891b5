// What Quantize and Dequantize share: which elements a scale stands for, and rules about scales and zero points.
#pragma once

#include <vector>

#include "core/engine/layers/layer.h"

namespace torchtrt::engine {

// Lengths of the scales per axis of the data: 1 where one scale serves the axis, the axis' own length where each
// element has one, the number of blocks in between. Throws where the shapes do not fit. kUnknown where not known yet.
//
//   scale of rank 0, or of one element               ->  one scale for all
//   scale of rank 1                                  ->  one per element of `axis`
//   scale of the data's rank                         ->  blocks: along one of the two last axes, or as `block_shape`
//   says
//
// `axis` is -1 where it was not set; `block_shape` is empty where it was not, -1 in it stands for the whole axis.
Shape scale_grid(const Shape& data, const Shape& scale, int64_t axis, const std::vector<int64_t>& block_shape);

// Whether such scales are one per channel, as far as shapes tell.
bool is_per_channel(const Shape& data, const Shape& scale, const std::vector<int64_t>& block_shape);

// float32, the type of the real values, or powers of two for fp8.
void check_scale_type(DType scale, DType real, DType quantized);
void check_zero_point(const ShapeArgs& in);

}  // namespace torchtrt::engine

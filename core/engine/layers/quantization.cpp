// Shapes and types of scales; the constraints are numbered in quantize.cpp and, equally, in dequantize.cpp.
#include "core/engine/layers/quantization.h"

#include "core/engine/layers/rules.h"

namespace torchtrt::engine {
namespace {

bool is_single(const Shape& scale) { return scale.is_known() && scale.volume() == 1; }

int64_t blocks_of(int64_t length, int64_t scales, int axis, const Shape& data, const Shape& scale) {
  if (length == kUnknown || scales == kUnknown || length == scales) return scales;
  const bool divides = scales > 0 && length % scales == 0;
  TORCHTRT_CHECK(divides, "axis ", axis, " of length ", length, " cannot be divided into ", scales,
                 " blocks: data of shape ", data, ", scale ", scale);  // c9
  return scales;
}

// Without a block shape one axis is blocked, of the last two.
Shape grid_of_one_axis(const Shape& data, const Shape& scale) {
  int blocked = 0;
  for (int axis = 0; axis < data.rank(); ++axis) {
    blocks_of(data[axis], scale[axis], axis, data, scale);
    if (may_equal(data[axis], scale[axis])) continue;
    ++blocked;
    TORCHTRT_CHECK(blocked == 1 && axis >= data.rank() - 2, "blocks run along one of the last two axes: data of shape ",
                   data, ", scale ", scale, "; set a block shape for other blocks");  // c9
  }
  return scale;
}

Shape grid_of_block_shape(const Shape& data, const Shape& scale, const std::vector<int64_t>& block_shape) {
  TORCHTRT_CHECK(static_cast<int>(block_shape.size()) == data.rank() && scale.rank() == data.rank(), "block shape ",
                 list_of(block_shape), ", data of shape ", data, " and scale ", scale, " need one rank");  // c9
  for (int axis = 0; axis < data.rank(); ++axis) {
    const int64_t block = block_shape[axis], length = data[axis];
    TORCHTRT_CHECK(block == -1 || block >= 1, "block shape ", list_of(block_shape), " has a length of ", block);  // c9
    if (block != -1 && length == kUnknown) continue;
    TORCHTRT_CHECK(block == -1 || length % block == 0, "axis ", axis, " of ", data, " cannot be divided by ", block,
                   " of block shape ", list_of(block_shape));  // c9
    const int64_t wanted = block == -1 ? 1 : length / block;
    TORCHTRT_CHECK(may_equal(scale[axis], wanted), "axis ", axis, " of scale ", scale, " has length ", scale[axis],
                   "; data of shape ", data, " in blocks ", list_of(block_shape), " makes it ", wanted);  // c9
  }
  return scale;
}

Shape grid_of_channels(const Shape& data, const Shape& scale, int64_t axis) {
  TORCHTRT_CHECK(axis != -1, "a scale of shape ", scale, " needs an axis of the data, of shape ", data);  // c8
  TORCHTRT_CHECK(data.has_axis(axis), "axis ", axis, " lies outside the data's shape ", data);            // c8
  TORCHTRT_CHECK(may_equal(scale[0], data[static_cast<int>(axis)]), scale[0], " scales for axis ", axis, " of ", data,
                 " of length ", data[static_cast<int>(axis)]);  // c8
  Shape grid = Shape::filled(data.rank(), 1);
  grid[static_cast<int>(axis)] = scale[0];
  return grid;
}

}  // namespace

bool is_per_channel(const Shape& data, const Shape& scale, const std::vector<int64_t>& block_shape) {
  return block_shape.empty() && scale.rank() == 1 && data.rank() != 1 && !is_single(scale);
}

Shape scale_grid(const Shape& data, const Shape& scale, int64_t axis, const std::vector<int64_t>& block_shape) {
  TORCHTRT_CHECK(data.rank() > 0, "a scalar cannot be quantized");  // c6
  if (!block_shape.empty()) return grid_of_block_shape(data, scale, block_shape);
  if (scale.rank() == 0 || is_single(scale)) return Shape::filled(data.rank(), 1);
  if (scale.rank() == 1 && (data.rank() != 1 || axis != -1)) return grid_of_channels(data, scale, axis);
  TORCHTRT_CHECK(scale.rank() == data.rank(), "a scale of shape ", scale,
                 " is neither one for all, nor one per channel, ", "nor one per block of data of shape ", data);  // c7
  return grid_of_one_axis(data, scale);
}

void check_scale_type(DType scale, DType real, DType quantized) {
  const bool powers = scale == DType::kE8M0 && quantized == DType::kFloat8;
  TORCHTRT_CHECK(scale == DType::kFloat32 || (is_floating(scale) && scale == real) || powers,
                 "the scale has to be float32, like the real values (", real, "), or float8_e8m0fnu for ",
                 DType::kFloat8, ", not ", scale);  // c4
}

void check_zero_point(const ShapeArgs& in) {
  if (!in.has(2)) return;
  bool equal = in[1].rank() == in[2].rank();
  for (int axis = 0; equal && axis < in[1].rank(); ++axis) equal = may_equal(in[1][axis], in[2][axis]);
  TORCHTRT_CHECK(equal, "the zero point has shape ", in[2], ", the scale ", in[1]);  // c5
}

}  // namespace torchtrt::engine

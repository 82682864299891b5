// DynamicQuantize: per block, scale = max |x| / the type's greatest value; codes of x / scale, ties to even.
//
// Scales of fp8 are quantized themselves: fp8(scale / g) is stored, with g = input 1 or 1, and used times g. Scales of
// e8m0 are rounded up to a power of two. A block of zeros has the smallest scale there is (2^-9, 2^-127, and 2^-126 for
// float32) and codes of zero. All steps in float32.
//   c1   one input, and perhaps a scale of the scales
//   c2   the data's type is floating
//   c3   codes of fp4, fp8 or int8
//   c4   scales of fp8, e8m0 or float32
//   c5   the scale of the scales is float32 or has the data's type, is a scalar, and goes with scales of fp8
//   c6   the data is no scalar
//   c7   with an axis: the rank is 2 or 3
//   c8   with an axis: it is one of the last two; negative ones count from the end
//   c9   with an axis: its length is known and divided by the block size
//   c10  with an axis: fp4 with scales of fp8 in blocks of 16, or fp8 with scales of e8m0 in blocks of 32
//   c11  a block shape has a length per axis of the data, and divides them
//   c12  a constant scale of the scales is positive   (plan/quantization_rules.cpp)
#include "core/engine/layers/dynamic_quantize.h"

#include "core/engine/layers/rules.h"

namespace torchtrt::engine {
namespace {

void check_form(const DynamicQuantize& op) {
  const bool nvfp4 = op.to_type == DType::kFloat4 && op.scale_type == DType::kFloat8 && op.block_size == 16;
  const bool mxfp8 = op.to_type == DType::kFloat8 && op.scale_type == DType::kE8M0 && op.block_size == 32;
  TORCHTRT_CHECK(
      nvfp4 || mxfp8,
      "along an axis there are fp4 with scales of fp8 in blocks of 16, and fp8 with scales of e8m0 in blocks "
      "of 32, not ",
      op.to_type, " with scales of ", op.scale_type, " in blocks of ", op.block_size,
      "; set a block shape for others");  // c10
}

int64_t blocks(const Shape& data, int axis, int64_t block) {
  if (block == -1) return 1;
  TORCHTRT_CHECK(block >= 1, "blocks have a length of ", block);  // c9, c11
  if (data[axis] == kUnknown) return block == 1 ? data[axis] : kUnknown;
  TORCHTRT_CHECK(data[axis] % block == 0, "axis ", axis, " of ", data, " is not divided by blocks of ",
                 block);  // c9, c11
  return data[axis] / block;
}

Shape grid_along_axis(const DynamicQuantize& op, const Shape& data) {
  const int rank = data.rank();
  TORCHTRT_CHECK(rank == 2 || rank == 3, "blocks along an axis need data of rank 2 or 3, not ", data);  // c7
  const int64_t axis = op.axis < 0 ? op.axis + rank : op.axis;
  TORCHTRT_CHECK(axis == rank - 1 || axis == rank - 2, "axis ", op.axis, " is none of the last two of ", data);  // c8
  TORCHTRT_CHECK(data[static_cast<int>(axis)] != kUnknown, "axis ", op.axis, " of ", data,
                 " has to be known at build time");  // c9
  check_form(op);
  Shape grid = data;
  grid[static_cast<int>(axis)] = blocks(data, static_cast<int>(axis), op.block_size);
  return grid;
}

}  // namespace

Types DynamicQuantize::infer_types(const Types& in) const {
  expect_inputs(in, 1, 2);                                                                         // c1
  expect_type(is_floating(in[0]), "the data to quantize", "float32, float16 or bfloat16", in[0]);  // c2
  const bool codes = to_type == DType::kFloat4 || to_type == DType::kFloat8 || to_type == DType::kInt8;
  expect_type(codes, "the result of dynamic quantization", "fp4, fp8 or int8", to_type);  // c3
  const bool scales = scale_type == DType::kFloat8 || scale_type == DType::kE8M0 || scale_type == DType::kFloat32;
  expect_type(scales, "the scales of dynamic quantization", "fp8, e8m0 or float32", scale_type);  // c4
  if (in.size() > 1 && in[1] != DType::kNone)
    expect_type(in[1] == DType::kFloat32 || in[1] == in[0], "the scale of the scales", "float32 or of the data's type",
                in[1]);  // c5
  return {to_type, scale_type};
}

Shape DynamicQuantize::grid(const Shape& data) const {
  TORCHTRT_CHECK(data.rank() > 0, "a scalar cannot be quantized");  // c6
  if (block_shape.empty()) return grid_along_axis(*this, data);
  TORCHTRT_CHECK(static_cast<int>(block_shape.size()) == data.rank(), "block shape ", list_of(block_shape),
                 " and data of shape ", data, " need one rank");  // c11
  Shape grid = data;
  for (int axis = 0; axis < data.rank(); ++axis) grid[axis] = blocks(data, axis, block_shape[axis]);
  return grid;
}

Shapes DynamicQuantize::infer_shapes(const ShapeArgs& in) const {
  if (in.has(1)) {
    TORCHTRT_CHECK(in[1].rank() == 0, "the scale of the scales has to be a scalar, not of shape ", in[1]);  // c5
    TORCHTRT_CHECK(scale_type == DType::kFloat8, "a scale of the scales goes with scales of fp8, not of ",
                   scale_type);  // c5
  }
  return {in[0], grid(in[0])};
}

TORCHTRT_LAYER(DynamicQuantize);

}  // namespace torchtrt::engine

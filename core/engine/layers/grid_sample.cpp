// GridSample: data [N, C, H, W] at the places (x, y) in [-1, 1] of a grid [N, Ho, Wo, 2], as torch's grid_sample.
// Cubic interpolation has the coefficient -0.75; nearest rounds half to even.
//   c1  data and grid of one floating type
//   c2  both of rank 4
//   c3  the last length of the grid is 2
//   c4  as many grids as images
//   c5  the sample mode is FILL, CLAMP or REFLECT
//   c6  an image without pixels yields none
#include "core/engine/layers/grid_sample.h"

#include "core/engine/layers/rules.h"

namespace torchtrt::engine {

void GridSample::check_sample_mode(SampleMode mode) {
  const bool known = mode == SampleMode::kFill || mode == SampleMode::kClamp || mode == SampleMode::kReflect;
  TORCHTRT_REQUIRE(kInvalidArgument, known, "grid samples take the sample modes FILL, CLAMP and REFLECT, not ",
                   static_cast<int>(mode));  // c5
}

Types GridSample::infer_types(const Types& in) const {
  expect_inputs(in, 2);
  expect_type(is_floating(in[0]), "the data", "float32, float16 or bfloat16", in[0]);  // c1
  expect_one_type(in);                                                                 // c1
  return {in[0]};
}

Shapes GridSample::infer_shapes(const ShapeArgs& in) const {
  const Shape &data = in[0], &grid = in[1];
  TORCHTRT_CHECK(data.rank() == 4 && grid.rank() == 4, "data [N, C, H, W] and grid [N, Ho, Wo, 2] expected, got ", data,
                 " and ", grid);                                                                             // c2
  TORCHTRT_CHECK(may_equal(grid[3], 2), "the last length of the grid must be 2, for x and y; got ", grid);   // c3
  TORCHTRT_CHECK(may_equal(data[0], grid[0]), "data ", data, " and grid ", grid, " need one batch length");  // c4
  check_sample_mode(sample_mode);
  const Shape out{unify(data[0], grid[0]), data[1], grid[1], grid[2]};
  const bool no_pixels = data[2] == 0 || data[3] == 0;
  TORCHTRT_CHECK(!no_pixels || !out.is_known() || out.volume() == 0, "there are no pixels in data ", data, " to make ",
                 out, " of");  // c6
  return {out};
}

TORCHTRT_LAYER(GridSample)

}  // namespace torchtrt::engine

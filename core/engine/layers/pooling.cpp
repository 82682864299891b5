// Pooling: maximum or average over sliding windows of the last 2 or 3 axes; axes before those are batch. A window that
// lies in the padding alone has the maximum -inf and the average 0. NaN comes out where it goes in.
//   c1  one input
//   c2  of a floating type or int8
//   c3  2 or 3 window axes; stride and paddings have as many; positive, paddings not negative
//   c4  the rank is at least the number of window axes + 1
//   c5  output lengths are positive
//   c6  the blend factor lies in [0, 1]
#include "core/engine/layers/pooling.h"

#include "core/engine/layers/rules.h"

namespace torchtrt::engine {

Window Pooling::window(size_t axis) const {
  return {window_size[axis], stride[axis], 1, pre_padding[axis], post_padding[axis]};
}

Types Pooling::infer_types(const Types& in) const {
  expect_inputs(in, 1);  // c1
  expect_type(is_floating(in[0]) || in[0] == DType::kInt8, "the input of pooling", "float32, float16, bfloat16 or int8",
              in[0]);  // c2
  return {in[0]};
}

Shapes Pooling::infer_shapes(const ShapeArgs& in) const {
  const size_t axes = window_size.size();
  TORCHTRT_CHECK(axes == 2 || axes == 3, "a window has 2 or 3 axes, not ", list_of(window_size));  // c3
  TORCHTRT_CHECK(stride.size() == axes && pre_padding.size() == axes && post_padding.size() == axes,
                 "stride and paddings need ", axes, " values each, as the window size has");  // c3
  const int first = in[0].rank() - static_cast<int>(axes);
  TORCHTRT_CHECK(first >= 1, "a window with ", axes, " axes needs an input of rank ", axes + 1, " or more, not shape ",
                 in[0]);                                                                                          // c4
  TORCHTRT_CHECK(blend_factor >= 0 && blend_factor <= 1, "the blend factor lies in [0, 1], not ", blend_factor);  // c6
  Shape result = in[0];
  for (size_t i = 0; i < axes; ++i) {
    const Window w = window(i);
    TORCHTRT_CHECK(w.size > 0 && w.stride > 0, "window size and stride have to be positive: ", list_of(window_size),
                   ", ",
                   list_of(stride));  // c3
    TORCHTRT_CHECK(w.pre >= 0 && w.post >= 0, "paddings must not be negative: ", list_of(pre_padding), ", ",
                   list_of(post_padding));  // c3
    int64_t& length = result[first + static_cast<int>(i)];
    const int64_t input = length;
    length = slide(w, padding_mode, input).output;
    TORCHTRT_CHECK(input == kUnknown || length > 0, "axis ", first + static_cast<int>(i), " of length ", input,
                   " gives the output length ", length, ", which is not positive");  // c5
  }
  return {result};
}

TORCHTRT_LAYER(Pooling);

}  // namespace torchtrt::engine

// Padding: zeros around the last two axes, or a crop where a padding is negative.
//   c1  one input, floating, int8, int32 or int64
//   c2  pre and post have two numbers each
//   c3  the input has at least two axes
//   c4  no resulting length is negative, or does not fit into 64 bits
#include "core/engine/layers/padding.h"

#include <algorithm>

#include "core/engine/layers/args.h"

namespace torchtrt::engine {

Types Padding::infer_types(const Types& in) const {
  expect_inputs(in, 1, 1);
  TORCHTRT_CHECK(is_floating(in[0]) || is_index(in[0]) || in[0] == DType::kInt8,
                 "the input must be float32, float16, bfloat16, int8, int32 or int64, got ", in[0]);  // c1
  return {in[0]};
}

Shapes Padding::infer_shapes(const ShapeArgs& in) const {
  TORCHTRT_CHECK(pre.size() == 2 && post.size() == 2, "two paddings before and two after expected, got ", list_of(pre),
                 " and ", list_of(post));  // c2
  Shape out = in[0];
  TORCHTRT_CHECK(out.rank() >= 2, "the input must have at least two axes, got ", out);  // c3
  for (int i = 0; i < 2; ++i) {
    const int axis = out.rank() - 2 + i;
    if (out[axis] == kUnknown) continue;
    const int64_t before = pre[static_cast<size_t>(i)], behind = post[static_cast<size_t>(i)];
    const bool overflow = __builtin_add_overflow(out[axis], std::max(before, behind), &out[axis]) ||
                          __builtin_add_overflow(out[axis], std::min(before, behind), &out[axis]);
    TORCHTRT_CHECK(!overflow, "padding ", in[0], " by ", list_of(pre), " and ", list_of(post),
                   " makes a length that does not fit into 64 bits");  // c4
    TORCHTRT_CHECK(out[axis] >= 0, "cropping ", in[0], " by ", list_of(pre), " and ", list_of(post), " leaves length ",
                   out[axis], " on axis ", axis);  // c4
  }
  return {out};
}

TORCHTRT_LAYER(Padding)

}  // namespace torchtrt::engine

// What Convolution and Deconvolution check alike; their .cpp files number these constraints.
#pragma once

#include "core/engine/layers/rules.h"
#include "core/engine/layers/window.h"

namespace torchtrt::engine {

template <class Op>
Window window_of(const Op& op, size_t axis) {
  return {op.kernel_size[axis], op.stride[axis], op.dilation[axis], op.pre_padding[axis], op.post_padding[axis]};
}

namespace convolution_rules {

void check_weights_type(const Weights& weights, const char* what, DType data);      // c3
void check_bias(const Weights& weights, const ShapeArgs& in, int64_t output_maps);  // c9, c10
// `shape` is what the kernel has to have.
void check_kernel(const Weights& weights, const ShapeArgs& in, const Shape& shape);  // c7, c8
void check_channels(int64_t channels, int64_t output_maps, int64_t groups);          // c6

// c1, c2, c3
template <class Op>
Types types(const Op& op, const Types& in) {
  expect_inputs(in, 1, 3);
  expect_type(is_floating(in[0]), "the input of a convolution", "float32, float16 or bfloat16", in[0]);
  expect_one_type(in);
  check_weights_type(op.kernel, "kernel", in[0]);
  check_weights_type(op.bias, "bias", in[0]);
  return {in[0]};
}

// c4
template <class Op>
void check_window(const Op& op) {
  const size_t axes = op.kernel_size.size();
  TORCHTRT_CHECK(axes == 2 || axes == 3, "a kernel has 2 or 3 axes, not ", list_of(op.kernel_size));
  const bool complete = op.stride.size() == axes && op.dilation.size() == axes && op.pre_padding.size() == axes &&
                        op.post_padding.size() == axes;
  TORCHTRT_CHECK(complete, "stride, dilation and paddings need ", axes, " values each, as the kernel size has");
  for (size_t axis = 0; axis < axes; ++axis) {
    const Window w = window_of(op, axis);
    TORCHTRT_CHECK(w.size > 0 && w.stride > 0 && w.dilation > 0,
                   "kernel size, stride and dilation have to be positive: ", list_of(op.kernel_size), ", ",
                   list_of(op.stride), ", ", list_of(op.dilation));
    TORCHTRT_CHECK(w.pre >= 0 && w.post >= 0, "paddings must not be negative: ", list_of(op.pre_padding), ", ",
                   list_of(op.post_padding));
  }
}

// All shape constraints; `transposed` is the deconvolution.
template <class Op>
Shapes shapes(const Op& op, const ShapeArgs& in, bool transposed) {
  check_window(op);  // c4
  const int axes = static_cast<int>(op.kernel_size.size());
  TORCHTRT_CHECK(in[0].rank() == axes + 2, "a kernel with ", axes, " axes needs an input of rank ", axes + 2,
                 " (batch, channels, space), not shape ", in[0]);  // c5
  check_channels(in[0][1], op.output_maps, op.groups);             // c6
  Shape kernel = transposed ? Shape{in[0][1], op.output_maps / op.groups} : Shape{op.output_maps, in[0][1] / op.groups};
  Shape result{in[0][0], op.output_maps};
  for (int axis = 0; axis < axes; ++axis) {
    const int64_t input = in[0][axis + 2];
    const Window window = window_of(op, axis);
    const int64_t output =
        (transposed ? slide_transposed(window, op.padding_mode, input) : slide(window, op.padding_mode, input)).output;
    TORCHTRT_CHECK(input == kUnknown || (output > 0 && (input > 0 || !transposed)), "axis ", axis + 2, " of length ",
                   input, " gives the output length ", output, ", which is not positive");  // c11
    kernel.push_back(op.kernel_size[axis]);
    result.push_back(output);
  }
  check_kernel(op.kernel, in, kernel);      // c7, c8
  check_bias(op.bias, in, op.output_maps);  // c9, c10
  return {result};
}

}  // namespace convolution_rules
}  // namespace torchtrt::engine

// Deconvolution: transposed convolution with a kernel [C, K/G, ...]; padding trims the output.
//   c1   one to three inputs: data, kernel?, bias?
//   c2   data of a floating type, and tensors of that type
//   c3   kernel and bias weights of that type
//   c4   2 or 3 kernel axes; stride, dilation and paddings have as many; positive, paddings not negative
//   c5   rank of the data is the number of kernel axes + 2
//   c6   the number of channels is known; it and the output maps are positive multiples of the groups
//   c7   the kernel is given once, as weights or as input 1
//   c8   the kernel has C * K/G * window weights, or that shape
//   c9   the bias is given at most once
//   c10  the bias has K weights, or shape [K]
//   c11  input and output lengths are positive, and fit into 64 bits as the windows do   (window.cpp)
#include "core/engine/layers/deconvolution.h"

#include "core/engine/layers/convolution_rules.h"

namespace torchtrt::engine {

Types Deconvolution::infer_types(const Types& in) const {
  return convolution_rules::types(*this, in);  // c1, c2, c3
}

Shapes Deconvolution::infer_shapes(const ShapeArgs& in) const {
  return convolution_rules::shapes(*this, in, /*transposed=*/true);  // c4 to c11
}

TORCHTRT_LAYER(Deconvolution);

}  // namespace torchtrt::engine

// What Convolution and Deconvolution check alike: weights, bias and channels.
#include "core/engine/layers/convolution_rules.h"

namespace torchtrt::engine::convolution_rules {
namespace {

void check_tensor(const char* what, const Shape& actual, const Shape& wanted) {
  bool fits = actual.rank() == wanted.rank();
  for (int axis = 0; fits && axis < wanted.rank(); ++axis) fits = may_equal(actual[axis], wanted[axis]);
  TORCHTRT_CHECK(fits, "the ", what, " has shape ", actual, ", expected ", wanted);
}

void check_count(const char* what, const Weights& weights, const Shape& wanted) {
  TORCHTRT_CHECK(weights.count == wanted.volume(), "the ", what, " has ", weights.count, " weights, expected ",
                 wanted.volume(), " for shape ", wanted);
}

}  // namespace

void check_weights_type(const Weights& weights, const char* what, DType data) {
  TORCHTRT_CHECK(weights.empty() || weights.dtype == data, "input and ", what, " need one type: ", data, " and ",
                 weights.dtype);
}

void check_channels(int64_t channels, int64_t output_maps, int64_t groups) {
  TORCHTRT_CHECK(groups > 0 && output_maps > 0, "output maps and groups have to be positive: ", output_maps, ", ",
                 groups);
  TORCHTRT_CHECK(channels != kUnknown, "the number of channels (axis 1) has to be known at build time");
  TORCHTRT_CHECK(channels > 0 && channels % groups == 0 && output_maps % groups == 0, "channels (", channels,
                 ") and output maps (", output_maps, ") have to be multiples of the groups (", groups, ")");
}

void check_kernel(const Weights& weights, const ShapeArgs& in, const Shape& shape) {
  TORCHTRT_CHECK(weights.empty() != !in.has(1), "a kernel is given either as weights or as input 1, ",
                 in.has(1) ? "not both" : "and there is neither");
  if (in.has(1)) return check_tensor("kernel (input 1)", in[1], shape);
  check_count("kernel", weights, shape);
}

void check_bias(const Weights& weights, const ShapeArgs& in, int64_t output_maps) {
  TORCHTRT_CHECK(weights.empty() || !in.has(2), "a bias is given either as weights or as input 2, not both");
  if (in.has(2)) return check_tensor("bias (input 2)", in[2], Shape{output_maps});
  if (!weights.empty()) check_count("bias", weights, Shape{output_maps});
}

}  // namespace torchtrt::engine::convolution_rules

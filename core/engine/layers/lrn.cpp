// LRN: x / (k + alpha / window * s) ^ beta with s the sum of squares in a window of channels around each.
// The channels are the third axis from the end.
//   c1  one input of a floating type
//   c2  at least three axes
//   c3  the window is odd, from 1 to 15
//   c4  alpha lies in [-1e20, 1e20]
//   c5  beta lies in [0.01, 1e5]
//   c6  k lies in [1e-5, 1e10]
#include "core/engine/layers/lrn.h"

#include "core/engine/layers/rules.h"

namespace torchtrt::engine {
namespace {

constexpr int64_t kMaxWindow = 15;

// False for NaN.
void check_range(const char* what, float value, float low, float high) {
  TORCHTRT_REQUIRE(kInvalidArgument, value >= low && value <= high, what, ' ', value, " lies outside [", low, ", ",
                   high, "]");
}

}  // namespace

void LRN::check_window(int64_t window) {
  TORCHTRT_REQUIRE(kInvalidArgument, window >= 1 && window <= kMaxWindow && window % 2 == 1, "the window of ", window,
                   " channels is not an odd number from 1 to ", kMaxWindow);  // c3
}
void LRN::check_alpha(float alpha) { check_range("alpha", alpha, -1e20f, 1e20f); }  // c4
void LRN::check_beta(float beta) { check_range("beta", beta, 0.01f, 1e5f); }        // c5
void LRN::check_k(float k) { check_range("k", k, 1e-5f, 1e10f); }                   // c6

Types LRN::infer_types(const Types& in) const {
  expect_inputs(in, 1);
  expect_type(is_floating(in[0]), "the input of LRN", "float32, float16 or bfloat16", in[0]);  // c1
  return {in[0]};
}

Shapes LRN::infer_shapes(const ShapeArgs& in) const {
  TORCHTRT_CHECK(in[0].rank() >= 3, "LRN needs at least three axes, the third from the end being the channels; got ",
                 in[0]);  // c2
  check_window(window);
  check_alpha(alpha);
  check_beta(beta);
  check_k(k);
  return {in[0]};
}

TORCHTRT_LAYER(LRN)

}  // namespace torchtrt::engine

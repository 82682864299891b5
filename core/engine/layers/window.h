// Sliding windows: what Convolution, Deconvolution and Pooling share (layers.md 3.1).
#pragma once

#include <cstdint>
#include <vector>

namespace torchtrt::engine {

// Values equal TensorRT's PaddingMode.
enum class PaddingMode : int8_t { kExplicitRoundDown, kExplicitRoundUp, kSameUpper, kSameLower };

// Whether paddings follow from lengths; explicit ones are then ignored.
bool is_same(PaddingMode mode);

// The window along one spatial axis.
struct Window {
  int64_t size = 1;
  int64_t stride = 1;
  int64_t dilation = 1;
  int64_t pre = 0;  // explicit paddings; ignored by the SAME modes
  int64_t post = 0;
};

// Positions from the first to the last tap, both included.
int64_t extent(const Window& window);

// Padding really applied and resulting length. `input` may be kUnknown: then `output` is, and pre/post are the explicit
// ones (SAME paddings of an unknown length are found at run time).
struct WindowResult {
  int64_t output = 0;
  int64_t pre = 0;
  int64_t post = 0;
};

WindowResult slide(const Window& window, PaddingMode mode, int64_t input);             // convolution, pooling
WindowResult slide_transposed(const Window& window, PaddingMode mode, int64_t input);  // deconvolution

// How far the last window of slide() hangs over the padded input (kExplicitRoundUp).
int64_t overhang(const Window& window, const WindowResult& result, int64_t input);

}  // namespace torchtrt::engine

// Sliding windows: lengths and paddings (layers.md 3.1).
#include "core/engine/layers/window.h"

#include <algorithm>

#include "core/engine/shape/shape.h"

namespace torchtrt::engine {
namespace {

int64_t floor_divide(int64_t a, int64_t b) {  // b > 0
  return a >= 0 ? a / b : -((-a + b - 1) / b);
}
int64_t ceil_divide(int64_t a, int64_t b) { return -floor_divide(-a, b); }

// The total padding of a SAME mode, on both sides.
WindowResult spread(int64_t output, int64_t total, PaddingMode mode) {
  const int64_t smaller = total / 2, larger = total - smaller;
  return mode == PaddingMode::kSameUpper ? WindowResult{output, smaller, larger}
                                         : WindowResult{output, larger, smaller};
}

}  // namespace

bool is_same(PaddingMode mode) { return mode == PaddingMode::kSameUpper || mode == PaddingMode::kSameLower; }

int64_t extent(const Window& window) { return 1 + window.dilation * (window.size - 1); }

int64_t overhang(const Window& window, const WindowResult& result, int64_t input) {
  const int64_t reached = (result.output - 1) * window.stride + extent(window);
  return std::max<int64_t>(0, reached - (input + result.pre + result.post));
}

WindowResult slide(const Window& window, PaddingMode mode, int64_t input) {
  if (input == kUnknown) return {kUnknown, window.pre, window.post};
  const int64_t reach = extent(window);
  if (is_same(mode)) {
    const int64_t output = ceil_divide(input, window.stride);
    const int64_t total = floor_divide(input - 1, window.stride) * window.stride + reach - input;
    return spread(output, std::max<int64_t>(0, total), mode);
  }
  const int64_t room = input + window.pre + window.post - reach;
  const bool up = mode == PaddingMode::kExplicitRoundUp;
  const int64_t steps = up ? ceil_divide(room, window.stride) : floor_divide(room, window.stride);
  return {steps + 1, window.pre, window.post};
}

WindowResult slide_transposed(const Window& window, PaddingMode mode, int64_t input) {
  if (input == kUnknown) return {kUnknown, window.pre, window.post};
  const int64_t reach = extent(window);
  const int64_t full = (input - 1) * window.stride + reach;
  if (is_same(mode)) {
    const int64_t output = std::min(input * window.stride, full);
    return spread(output, std::max<int64_t>(0, reach - window.stride), mode);
  }
  return {full - window.pre - window.post, window.pre, window.post};
}

}  // namespace torchtrt::engine

// Sliding windows: lengths and paddings (layers.md 3.1). SAME modes never pad by less than nothing. What does not fit
// into 64 bits is refused.
#include "core/engine/layers/window.h"

#include <algorithm>

#include "core/engine/shape/shape.h"
#include "core/util/error.h"

namespace torchtrt::engine {
namespace {

int64_t floor_divide(int64_t a, int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }  // b > 0
int64_t ceil_divide(int64_t a, int64_t b) { return a / b + (a % b > 0 ? 1 : 0); }

// a * b + c
int64_t multiply_add(int64_t a, int64_t b, int64_t c) {
  int64_t result = 0;
  const bool overflow = __builtin_mul_overflow(a, b, &result) || __builtin_add_overflow(result, c, &result);
  TORCHTRT_CHECK(!overflow, "a window's reach of ", a, " times ", b, " and ", c, " does not fit into 64 bits");
  return result;
}

int64_t padded(int64_t length, int64_t pre, int64_t post) {
  int64_t result = 0;
  const bool overflow = __builtin_add_overflow(length, pre, &result) || __builtin_add_overflow(result, post, &result);
  TORCHTRT_CHECK(!overflow, "the length ", length, " with paddings ", pre, " and ", post, " does not fit into 64 bits");
  return result;
}

// The total padding of a SAME mode, on both sides.
WindowResult spread(int64_t output, int64_t total, PaddingMode mode) {
  const int64_t smaller = total / 2, larger = total - smaller;
  return mode == PaddingMode::kSameUpper ? WindowResult{output, smaller, larger}
                                         : WindowResult{output, larger, smaller};
}

}  // namespace

bool is_same(PaddingMode mode) { return mode == PaddingMode::kSameUpper || mode == PaddingMode::kSameLower; }

int64_t extent(const Window& window) { return multiply_add(window.dilation, window.size - 1, 1); }

int64_t overhang(const Window& window, const WindowResult& result, int64_t input) {
  const int64_t reached = multiply_add(result.output - 1, window.stride, extent(window));
  return std::max<int64_t>(0, reached - padded(input, result.pre, result.post));
}

WindowResult slide(const Window& window, PaddingMode mode, int64_t input) {
  if (input == kUnknown) return {kUnknown, window.pre, window.post};
  const int64_t reach = extent(window);
  if (is_same(mode)) {
    const int64_t output = ceil_divide(input, window.stride);
    const int64_t total = floor_divide(input - 1, window.stride) * window.stride - input + reach;
    return spread(output, std::max<int64_t>(0, total), mode);
  }
  const int64_t room = padded(input, window.pre, window.post) - reach;
  const bool up = mode == PaddingMode::kExplicitRoundUp;
  const int64_t steps = up ? ceil_divide(room, window.stride) : floor_divide(room, window.stride);
  return {steps + 1, window.pre, window.post};
}

WindowResult slide_transposed(const Window& window, PaddingMode mode, int64_t input) {
  if (input == kUnknown) return {kUnknown, window.pre, window.post};
  const int64_t reach = extent(window);
  if (is_same(mode)) {
    const int64_t output = multiply_add(input - 1, window.stride, std::min(window.stride, reach));
    return spread(output, std::max<int64_t>(0, reach - window.stride), mode);
  }
  const int64_t full = multiply_add(input - 1, window.stride, reach);
  return {full - padded(0, window.pre, window.post), window.pre, window.post};
}

}  // namespace torchtrt::engine

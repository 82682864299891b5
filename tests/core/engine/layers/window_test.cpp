// Windows: the size formulas.
#include "core/engine/layers/window.h"

#include <gtest/gtest.h>

#include "core/engine/shape/shape.h"

namespace torchtrt::engine {
namespace {

constexpr auto kDown = PaddingMode::kExplicitRoundDown, kUp = PaddingMode::kExplicitRoundUp,
               kUpper = PaddingMode::kSameUpper, kLower = PaddingMode::kSameLower;

void expect(const WindowResult& result, int64_t output, int64_t pre, int64_t post) {
  EXPECT_EQ(result.output, output);
  EXPECT_EQ(result.pre, pre);
  EXPECT_EQ(result.post, post);
}

TEST(Slide, ExplicitPadding) {
  const Window window{3, 2, 1, 1, 0};
  expect(slide(window, kDown, 7), 3, 1, 0);
  expect(slide(window, kUp, 7), 4, 1, 0);
  EXPECT_EQ(overhang(window, slide(window, kUp, 7), 7), 1);
  EXPECT_EQ(overhang(window, slide(window, kDown, 7), 7), 0);
  expect(slide({3, 1, 2, 0, 0}, kDown, 5), 1, 0, 0);
}

TEST(Slide, WindowLargerThanInput) {
  EXPECT_LE(slide({5, 2, 1, 0, 0}, kDown, 3).output, 0);
  EXPECT_EQ(slide({5, 2, 1, 0, 0}, kUp, 4).output, 1);
}

TEST(Slide, SamePadding) {
  const Window window{4, 2, 1, 9, 9};  // explicit paddings are ignored
  expect(slide(window, kUpper, 7), 4, 1, 2);
  expect(slide(window, kLower, 7), 4, 2, 1);
  expect(slide({1, 3, 1, 0, 0}, kUpper, 8), 3, 0, 0);  // a negative total counts as none
}

TEST(Slide, UnknownLength) {
  expect(slide({3, 1, 1, 1, 2}, kUpper, kUnknown), kUnknown, 1, 2);
  expect(slide_transposed({3, 1, 1, 1, 2}, kDown, kUnknown), kUnknown, 1, 2);
}

TEST(SlideTransposed, Padding) {
  expect(slide_transposed({3, 2, 2, 1, 0}, kDown, 4), 10, 1, 0);
  expect(slide_transposed({3, 2, 2, 1, 0}, kUp, 4), 10, 1, 0);
  expect(slide_transposed({4, 1, 1, 0, 0}, kUpper, 5), 5, 1, 2);
  expect(slide_transposed({4, 1, 1, 0, 0}, kLower, 5), 5, 2, 1);
  expect(slide_transposed({2, 3, 1, 0, 0}, kUpper, 5), 14, 0, 0);  // gaps between windows
}

}  // namespace
}  // namespace torchtrt::engine

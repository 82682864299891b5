// Normalization: constraints.
#include "core/engine/layers/normalization.h"

#include "tests/core/engine/layers/layer_rules.h"

namespace torchtrt::engine::testing {
namespace {

const In kImage = Shape{2, 6, 4, 4}, kChannels = Shape{1, 6, 1, 1};

Normalization over(uint32_t axes, int64_t groups = 1, bool v2 = true) { return Normalization{1e-5f, axes, groups, v2}; }

TEST(Normalization, Shapes) {
  EXPECT_EQ(shape_of(over(0b1100), {kImage, kChannels, kChannels}), kImage.shape);
  EXPECT_EQ(shape_of(over(0b1100, 3), {kImage, kChannels, kChannels}), kImage.shape);
  EXPECT_EQ(shape_of(over(0b1100, 3, false), {kImage, Shape{1, 3, 1, 1}, Shape{1, 3, 1, 1}}), kImage.shape);
  EXPECT_EQ(shape_of(over(0b10), {Shape{kX, kX}, Shape{1, 5}, Shape{1, 5}}), (Shape{kX, kX}));
}

TEST(Normalization, C1ThreeInputs) { EXPECT_VIOLATION(types_of(over(1), {kF32, kF32}), "3 inputs expected"); }
TEST(Normalization, C2OneFloatingType) {
  EXPECT_VIOLATION(types_of(over(1), {kBF16, kF32, kF32}), "all operands need one type: [bfloat16, float32, float32]");
  EXPECT_VIOLATION(types_of(over(1), {kI32, kI32, kI32}), "not int32");
}
TEST(Normalization, C3Axes) {
  EXPECT_VIOLATION(shape_of(over(0), {kImage, kChannels, kChannels}), "names no axis");
  EXPECT_VIOLATION(shape_of(over(0b10000), {kImage, kChannels, kChannels}), "outside rank 4");
}
TEST(Normalization, C4Groups) {
  EXPECT_VIOLATION(shape_of(over(0b1100, 0), {kImage, kChannels, kChannels}), "groups has to be positive");
  EXPECT_VIOLATION(shape_of(over(0b1000, 3), {kImage, kChannels, kChannels}), "exactly those after the channel axis");
}
TEST(Normalization, C5ChannelsPerGroup) {
  EXPECT_VIOLATION(shape_of(over(0b1100, 4), {kImage, kChannels, kChannels}), "6 channels do not make 4 groups");
}
TEST(Normalization, C6ScaleAndBias) {
  EXPECT_VIOLATION(shape_of(over(0b1100), {kImage, Shape{6}, Shape{6}}), "one shape of rank 4");
  EXPECT_VIOLATION(shape_of(over(0b1100), {kImage, kChannels, Shape{1, 1, 1, 1}}), "one shape of rank 4");
}
TEST(Normalization, C7Broadcast) {
  EXPECT_VIOLATION(shape_of(over(0b1100), {kImage, Shape{1, 3, 1, 1}, Shape{1, 3, 1, 1}}), "does not broadcast to");
  EXPECT_VIOLATION(shape_of(over(0b1100, 3, true), {kImage, Shape{1, 3, 1, 1}, Shape{1, 3, 1, 1}}),
                   "does not broadcast");
}
TEST(Normalization, C8Epsilon) {
  EXPECT_VIOLATION(shape_of(Normalization{-1, 0b1100}, {kImage, kChannels, kChannels}), "epsilon");
}

}  // namespace
}  // namespace torchtrt::engine::testing

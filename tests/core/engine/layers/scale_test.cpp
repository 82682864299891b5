// Scale: counts of its parameters, constraints.
#include "core/engine/layers/scale.h"

#include "tests/core/engine/layers/layer_rules.h"

namespace torchtrt::engine::testing {
namespace {

const std::vector<float> kNumbers(60, 1.0f);

Weights weights(int64_t count, DType dtype = kF32) { return {dtype, count, kNumbers.data(), nullptr, ""}; }
Scale scale(ScaleMode mode, int64_t count, int64_t axis = 1) { return {mode, {}, weights(count), {}, axis, {}}; }

TEST(Scale, Counts) {
  const Shape x{2, 3, 4, 5};
  EXPECT_EQ(shape_of(scale(ScaleMode::kUniform, 1), {x}), x);
  EXPECT_EQ(shape_of(scale(ScaleMode::kChannel, 3), {x}), x);
  EXPECT_EQ(shape_of(scale(ScaleMode::kElementwise, 60), {x}), x);
  EXPECT_EQ(shape_of(scale(ScaleMode::kChannel, 3), {Shape{kX, 3, kX, kX}}), (Shape{kX, 3, kX, kX}));
  EXPECT_EQ(shape_of(Scale{ScaleMode::kChannel, {}, {}, {}, 1, {}}, {x, Shape{3}, In::absent(), Shape{3}}), x);
}

TEST(Scale, C1Inputs) {
  EXPECT_VIOLATION(types_of(Scale{}, {}), "1 to 4 inputs expected");
  EXPECT_VIOLATION(shape_of(scale(ScaleMode::kChannel, 3), {Shape{2, 3, 4, 5}, In::absent(), Shape{3}}),
                   "scale is given twice");
}
TEST(Scale, C2Floats) { EXPECT_VIOLATION(types_of(Scale{}, {kI8}), "not int8"); }
TEST(Scale, C7ResultType) {
  Scale op;
  op.to_type = kI32;
  EXPECT_VIOLATION(types_of(op, {kF32}), "not int32");
  op.to_type = kI8;
  EXPECT_EQ(types_of(op, {kF32}), Types{kI8});
}
TEST(Scale, C3OneType) {
  EXPECT_VIOLATION(types_of(scale(ScaleMode::kUniform, 1), {kF16}),
                   "input and scale need one type: float16 and float32");
}
TEST(Scale, C4ChannelAxis) {
  EXPECT_VIOLATION(shape_of(scale(ScaleMode::kChannel, 3, 4), {Shape{2, 3, 4, 5}}),
                   "channel axis 4 lies outside rank 4");
}
TEST(Scale, C5KnownLengths) {
  EXPECT_VIOLATION(shape_of(scale(ScaleMode::kElementwise, 60), {Shape{2, 3, kX, 5}}), "axis 2 of shape");
}
TEST(Scale, C6Counts) {
  EXPECT_VIOLATION(shape_of(scale(ScaleMode::kChannel, 4), {Shape{2, 3, 4, 5}}), "scale has 4 elements, expected 3");
}

}  // namespace
}  // namespace torchtrt::engine::testing

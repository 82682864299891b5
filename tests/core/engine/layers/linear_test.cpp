// Linear: constraints.
#include "core/engine/layers/linear.h"

#include "tests/core/engine/layers/layer_rules.h"

namespace torchtrt::engine::testing {
namespace {

TEST(Linear, ReplacesTheLastLength) {
  EXPECT_EQ(shape_of(Linear{}, {Shape{kX, 3, 8}, Shape{5, 8}}), (Shape{kX, 3, 5}));
  EXPECT_EQ(shape_of(Linear{}, {Shape{8}, Shape{5, 8}, Shape{5}}), Shape{5});
  EXPECT_EQ(types_of(Linear{}, {kF16, kF16, kF16}), Types{kF16});
}

TEST(Linear, C1Inputs) { EXPECT_VIOLATION(types_of(Linear{}, {kF32}), "input"); }
TEST(Linear, C2OneFloatingType) {
  EXPECT_VIOLATION(types_of(Linear{}, {kI32, kI32}), "not int32");
  EXPECT_VIOLATION(types_of(Linear{}, {kF32, kF16}), "float16");
}
TEST(Linear, C3Ranks) {
  EXPECT_VIOLATION(shape_of(Linear{}, {Shape{}, Shape{5, 8}}), "expected");
  EXPECT_VIOLATION(shape_of(Linear{}, {Shape{8}, Shape{8}}), "expected");
  EXPECT_VIOLATION(shape_of(Linear{}, {Shape{8}, Shape{5, 8}, Shape{1, 5}}), "rank 1");
}
TEST(Linear, C4Lengths) {
  EXPECT_VIOLATION(shape_of(Linear{}, {Shape{7}, Shape{5, 8}}), "differ");
  EXPECT_VIOLATION(shape_of(Linear{}, {Shape{8}, Shape{5, 8}, Shape{4}}), "does not fit");
}

}  // namespace
}  // namespace torchtrt::engine::testing

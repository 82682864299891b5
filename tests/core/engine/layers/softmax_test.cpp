// Softmax: constraints.
#include "core/engine/layers/softmax.h"

#include "tests/core/engine/layers/layer_rules.h"

namespace torchtrt::engine::testing {
namespace {

TEST(Softmax, KeepsTypeAndShape) {
  for (const DType type : {kF32, kF16, kBF16}) EXPECT_EQ(types_of(Softmax{0}, {type}), Types{type});
  EXPECT_EQ(shape_of(Softmax{1}, {Shape{kX, 0}}), (Shape{kX, 0}));
}

TEST(Softmax, C1OneInput) { EXPECT_VIOLATION(types_of(Softmax{}, {}), "1 input expected"); }
TEST(Softmax, C2Floats) { EXPECT_VIOLATION(types_of(Softmax{}, {kI32}), "not int32"); }
TEST(Softmax, C3AxisInsideRank) {
  EXPECT_VIOLATION(shape_of(Softmax{2}, {Shape{3, 4}}), "axis 2 lies outside rank 2");
  EXPECT_VIOLATION(shape_of(Softmax{0}, {Shape{}}), "outside rank 0");
}

}  // namespace
}  // namespace torchtrt::engine::testing

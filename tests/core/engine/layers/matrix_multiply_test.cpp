// MatrixMultiply: shapes of every operation, constraints.
#include "core/engine/layers/matrix_multiply.h"

#include "tests/core/engine/layers/layer_rules.h"

namespace torchtrt::engine::testing {
namespace {

constexpr auto kNone = MatrixOp::kNone, kT = MatrixOp::kTranspose, kV = MatrixOp::kVector;

TEST(MatrixMultiply, Shapes) {
  EXPECT_EQ(shape_of(MatrixMultiply{kNone, kNone}, {Shape{2, 3}, Shape{3, 4}}), (Shape{2, 4}));
  EXPECT_EQ(shape_of(MatrixMultiply{kT, kT}, {Shape{3, 2}, Shape{4, 3}}), (Shape{2, 4}));
  EXPECT_EQ(shape_of(MatrixMultiply{kV, kV}, {Shape{3}, Shape{3}}), Shape{});
  EXPECT_EQ(shape_of(MatrixMultiply{kNone, kV}, {Shape{5, 2, 3}, Shape{1, 3}}), (Shape{5, 2}));
  EXPECT_EQ(shape_of(MatrixMultiply{kV, kNone}, {Shape{1, 3}, Shape{5, 3, 4}}), (Shape{5, 4}));
  EXPECT_EQ(shape_of(MatrixMultiply{kNone, kNone}, {Shape{kX, 2, kX}, Shape{1, 3, 4}}), (Shape{kX, 2, 4}));
  EXPECT_EQ(shape_of(MatrixMultiply{kNone, kNone}, {Shape{2, 0}, Shape{0, 4}}), (Shape{2, 4}));
}

TEST(MatrixMultiply, C1TwoInputs) { EXPECT_VIOLATION(types_of(MatrixMultiply{}, {kF32}), "2 inputs expected"); }
TEST(MatrixMultiply, C2OneFloatingType) {
  EXPECT_VIOLATION(types_of(MatrixMultiply{}, {kF32, kF16}), "both operands need one type: float32 and float16");
  EXPECT_VIOLATION(types_of(MatrixMultiply{}, {kI32, kI32}), "not int32");
}
TEST(MatrixMultiply, C3Ranks) {
  EXPECT_VIOLATION(shape_of(MatrixMultiply{}, {Shape{3}, Shape{3, 4}}), "operand 0 is a matrix, which needs rank 2");
  EXPECT_VIOLATION(shape_of(MatrixMultiply{kNone, kV}, {Shape{3, 4}, Shape{}}), "operand 1 is a vector");
}
TEST(MatrixMultiply, C4BatchRanks) {
  EXPECT_VIOLATION(shape_of(MatrixMultiply{}, {Shape{2, 3, 4}, Shape{4, 5}}), "as many batch axes");
}
TEST(MatrixMultiply, C5BatchBroadcasts) {
  EXPECT_VIOLATION(shape_of(MatrixMultiply{}, {Shape{2, 3, 4}, Shape{3, 4, 5}}), "do not broadcast");
}
TEST(MatrixMultiply, C6InnerLengths) {
  EXPECT_VIOLATION(shape_of(MatrixMultiply{}, {Shape{2, 3}, Shape{4, 5}}),
                   "lengths to sum over differ: 3 in [2, 3] and 4");
}

}  // namespace
}  // namespace torchtrt::engine::testing

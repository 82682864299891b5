// RowNormalization: constraints; passes alone make it.
#include "core/engine/layers/row_normalization.h"

#include "tests/core/engine/layers/layer_rules.h"

namespace torchtrt::engine::testing {
namespace {

RowNormalization rows(int64_t axes = 1, bool keep_sum = false) {
  RowNormalization op;
  op.axes = axes;
  op.keep_sum = keep_sum;
  return op;
}

const Shape kRows{kX, 3, 8};

TEST(RowNormalization, Results) {
  EXPECT_EQ(shape_of(rows(), {kRows}), kRows);
  EXPECT_EQ(shape_of(rows(2), {kRows, Shape{1, 3, 8}, Shape{3, 8}, Shape{2, 3, 8}}), (Shape{2, 3, 8}));
  EXPECT_EQ(types_of(rows(), {kF16, kF32, kBF16}), Types{kF32});
  EXPECT_EQ(types_of(rows(1, true), {kF16, DType::kNone, DType::kNone, kF16}), (Types{kF32, kF16}));
}

TEST(RowNormalization, C1Inputs) {
  EXPECT_VIOLATION(types_of(rows(), {}), "1 to 4 inputs expected");
  EXPECT_VIOLATION(types_of(rows(), {kF32, kF32, kF32, kF32, kF32}), "1 to 4 inputs expected");
}
TEST(RowNormalization, C2Types) {
  EXPECT_VIOLATION(types_of(rows(), {kI32}), "not int32");
  EXPECT_VIOLATION(types_of(rows(), {kF32, kI8}), "not int8");
  EXPECT_VIOLATION(types_of(rows(), {kF16, kF16, kF16, kF32}), "one type");
}
TEST(RowNormalization, C3ResultType) {
  RowNormalization op;
  op.to_type = kI32;
  EXPECT_VIOLATION(types_of(op, {kF32}), "not int32");
}
TEST(RowNormalization, C4Axes) {
  EXPECT_VIOLATION(shape_of(rows(0), {kRows}), "a row of 0 axes");
  EXPECT_VIOLATION(shape_of(rows(4), {kRows}), "a row of 4 axes");
}
TEST(RowNormalization, C5Residual) {
  EXPECT_VIOLATION(shape_of(rows(), {kRows, In::absent(), In::absent(), Shape{2, 4, 8}}), "[2, 4, 8]");
  EXPECT_VIOLATION(shape_of(rows(), {kRows, In::absent(), In::absent(), Shape{3, 8}}), "[3, 8]");
}
TEST(RowNormalization, C6Parameters) {
  EXPECT_VIOLATION(shape_of(rows(), {kRows, Shape{7}}), "the scale [7]");
  EXPECT_VIOLATION(shape_of(rows(), {kRows, Shape{3, 8}}), "the scale [3, 8]");
  EXPECT_VIOLATION(shape_of(rows(2), {kRows, In::absent(), Shape{8}}), "the bias [8]");
}
TEST(RowNormalization, C7Epsilon) {
  RowNormalization op;
  op.epsilon = -1;
  EXPECT_VIOLATION(shape_of(op, {kRows}), "epsilon");
}
TEST(RowNormalization, C8SumOfTwo) { EXPECT_VIOLATION(types_of(rows(1, true), {kF32, kF32, kF32}), "no residual"); }

}  // namespace
}  // namespace torchtrt::engine::testing

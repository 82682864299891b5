// Attention: constraints.
#include "core/engine/layers/attention.h"

#include "tests/core/engine/layers/layer_rules.h"

namespace torchtrt::engine::testing {
namespace {

const Shape kQuery{2, 6, 5, 4}, kKey{2, 3, 7, 4}, kValue{2, 3, 7, 9};

TEST(Attention, HasQueryRowsAndValueFeatures) {
  EXPECT_EQ(shape_of(Attention{}, {kQuery, kKey, kValue}), (Shape{2, 6, 5, 9}));
  EXPECT_EQ(shape_of(Attention{}, {Shape{kX, 6, kX, 4}, kKey, kValue}), (Shape{2, 6, kX, 9}));
  EXPECT_EQ(shape_of(Attention{}, {Shape{1, 6, 1, 4}, kKey, kValue, Shape{2, 1, 5, 7}}), (Shape{2, 6, 5, 9}));
  EXPECT_EQ(types_of(Attention{}, {kF16, kF16, kF16, DType::kBool}), Types{kF16});
}

TEST(Attention, C1Inputs) { EXPECT_VIOLATION(types_of(Attention{}, {kF32, kF32}), "input"); }
TEST(Attention, C2OneFloatingType) {
  EXPECT_VIOLATION(types_of(Attention{}, {kI32, kI32, kI32}), "not int32");
  EXPECT_VIOLATION(types_of(Attention{}, {kF32, kF32, kF16}), "float16");
}
TEST(Attention, C3MaskType) { EXPECT_VIOLATION(types_of(Attention{}, {kF32, kF32, kF32, kF16}), "mask"); }
TEST(Attention, C4Ranks) {
  EXPECT_VIOLATION(shape_of(Attention{}, {Shape{2, 5, 4}, kKey, kValue}), "expected");
  EXPECT_VIOLATION(shape_of(Attention{}, {kQuery, kKey, kValue, Shape{5, 7}}), "rank 4");
}
TEST(Attention, C5Batches) {
  EXPECT_VIOLATION(shape_of(Attention{}, {Shape{3, 6, 5, 4}, kKey, kValue}), "broadcast");
  EXPECT_VIOLATION(shape_of(Attention{}, {kQuery, kKey, Shape{3, 3, 7, 9}}), "broadcast");
}
TEST(Attention, C6Heads) {
  EXPECT_VIOLATION(shape_of(Attention{}, {Shape{2, 4, 5, 4}, kKey, kValue}), "multiple");
  EXPECT_VIOLATION(shape_of(Attention{}, {kQuery, kKey, Shape{2, 2, 7, 9}}), "heads");
}
TEST(Attention, C7FeaturesAndSequences) {
  EXPECT_VIOLATION(shape_of(Attention{}, {Shape{2, 6, 5, 3}, kKey, kValue}), "features");
  EXPECT_VIOLATION(shape_of(Attention{}, {kQuery, kKey, Shape{2, 3, 6, 9}}), "sequences");
}
TEST(Attention, C8MaskShape) {
  EXPECT_VIOLATION(shape_of(Attention{}, {kQuery, kKey, kValue, Shape{1, 2, 5, 7}}), "does not fit");
  EXPECT_VIOLATION(shape_of(Attention{}, {kQuery, kKey, kValue, Shape{1, 1, 5, 6}}), "does not fit");
  EXPECT_VIOLATION(shape_of(Attention{}, {kQuery, kKey, kValue, Shape{1, 1, 4, 7}}), "broadcast");
}
TEST(Attention, C9MaskOrCausal) {
  Attention op;
  op.causal = CausalMask::kUpperLeft;
  EXPECT_VIOLATION(types_of(op, {kF32, kF32, kF32, kF32}), "exclude");
}

// Queries of two sequences in a row of seven tokens.
Attention packed() {
  Attention op;
  op.query_form = AttentionForm::kPacked;
  return op;
}
const Shape kTokens{7, 6, 4};
const In kLengths{Shape{3}, kI32};

TEST(Attention, C11Lengths) {
  const In none = In::absent();
  EXPECT_VIOLATION(shape_of(packed(), {kTokens, kKey, kValue}), "a packed query needs lengths");
  EXPECT_VIOLATION(shape_of(packed(), {kTokens, kKey, kValue, none, none, In(Shape{3}, kI64)}), "int32");
  EXPECT_VIOLATION(shape_of(packed(), {kTokens, kKey, kValue, none, none, In(Shape{3, 1}, kI32)}), "rank 1");
  EXPECT_VIOLATION(shape_of(packed(), {kTokens, kKey, kValue, none, none, kLengths, In(Shape{2}, kI64)}), "int32");
  Attention keys;
  keys.key_value_form = AttentionForm::kPacked;
  EXPECT_VIOLATION(shape_of(keys, {kQuery, Shape{9, 3, 4}, Shape{9, 3, 4}}), "packed keys and values need lengths");
}
TEST(Attention, C12NumberOfLengths) {
  const In none = In::absent();
  EXPECT_EQ(shape_of(packed(), {kTokens, kKey, kValue, none, none, kLengths}), (Shape{7, 6, 9}));
  EXPECT_VIOLATION(shape_of(packed(), {kTokens, kKey, kValue, none, none, In(Shape{0}, kI32)}), "batch + 1");
  EXPECT_VIOLATION(shape_of(packed(), {kTokens, kKey, kValue, none, none, kLengths, In(Shape{5}, kI32)}),
                   "lengths are given for 5 sequences");
}

}  // namespace
}  // namespace torchtrt::engine::testing

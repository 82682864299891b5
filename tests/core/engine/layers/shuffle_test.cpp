// Shuffle: placeholders, -1, partly known dims, one test per constraint, kernel against fold.
#include "core/engine/layers/shuffle.h"

#include "tests/core/engine/layers/layer_case.h"

namespace torchtrt::engine {
namespace {

using namespace layer_case;

Shuffle reshape(std::vector<int64_t> dims, bool zero_is_placeholder = true) {
  Shuffle op;
  op.reshape = std::move(dims);
  op.zero_is_placeholder = zero_is_placeholder;
  return op;
}

TEST(Shuffle, TransposesAndReshapes) {
  Shuffle op = reshape({4, -1});
  op.first_transpose = {1, 2, 0};
  op.second_transpose = {1, 0};
  EXPECT_EQ(shape_of(op, {of({2, 3, 4})}), (Shape{6, 4}));
  EXPECT_EQ(shape_of(Shuffle{}, {of({2, kUnknown})}), (Shape{2, kUnknown}));
  EXPECT_EQ(shape_of(reshape({}), {of({1, 1})}), Shape{});
  EXPECT_EQ(shape_of(reshape({1, 1}), {of({})}), (Shape{1, 1}));
}

TEST(Shuffle, PlaceholdersCopyAndCancel) {
  EXPECT_EQ(shape_of(reshape({0, -1}), {of({kUnknown, 3, 4})}), (Shape{kUnknown, 12}));
  EXPECT_EQ(shape_of(reshape({-1, 12}), {of({kUnknown, 3, 4})}), (Shape{kUnknown, 12}));
  EXPECT_EQ(shape_of(reshape({0, 0, -1}), {of({2, 3, 4, 5})}), (Shape{2, 3, 20}));
  EXPECT_EQ(shape_of(reshape({0, 5}, false), {of({7, 0})}), (Shape{0, 5}));
}

TEST(Shuffle, DimsMayBePartlyKnownOrUnknown) {
  const Shuffle op;
  EXPECT_EQ(shape_of(op, {of({2, 12}), numbers({std::nullopt, 3, 4})}), (Shape{2, 3, 4}));
  EXPECT_EQ(shape_of(op, {of({2, 12}), numbers({std::nullopt, -1, 4})}), (Shape{kUnknown, kUnknown, 4}));
  EXPECT_EQ(shape_of(op, {of({kUnknown, 12}), numbers({std::nullopt, 3, 4})}), (Shape{kUnknown, 3, 4}));
  EXPECT_EQ(shape_of(op, {of({2, 12}), of({2}, DType::kInt32)}), (Shape{kUnknown, kUnknown}));
  EXPECT_EQ(shape_of(op, {of({0, 12}), numbers({std::nullopt, 0})}), (Shape{0, 12}));
  EXPECT_EQ(shape_of(reshape({5}), {of({2, 12}), numbers({24})}), Shape{24}) << "input 1 replaces the static dims";
}

TEST(Shuffle, C1Types) {
  EXPECT_VIOLATION(type_of(Shuffle{}, {DType::kUInt8}), "uint8");
  EXPECT_VIOLATION(type_of(Shuffle{}, {DType::kFloat32, DType::kFloat32}), "int32 or int64, got float32");
  EXPECT_EQ(type_of(Shuffle{}, {DType::kInt4, DType::kInt32}), DType::kInt4);
}

TEST(Shuffle, C2Permutations) {
  Shuffle op;
  op.first_transpose = {0, 0};
  EXPECT_VIOLATION(shape_of(op, {of({2, 3})}), "first transpose [0, 0]");
  op.first_transpose = {1, 0, 2};
  EXPECT_VIOLATION(shape_of(op, {of({2, 3})}), "first transpose");
  op = reshape({6});
  op.second_transpose = {1, 0};
  EXPECT_VIOLATION(shape_of(op, {of({2, 3})}), "second transpose");
}

TEST(Shuffle, C3Dims) {
  EXPECT_VIOLATION(shape_of(Shuffle{}, {of({2}), of({kUnknown}, DType::kInt64)}), "known at build time");
  EXPECT_VIOLATION(shape_of(Shuffle{}, {of({2}), of({}, DType::kInt64)}), "one axis");
  EXPECT_VIOLATION(shape_of(reshape(std::vector<int64_t>(9, 1)), {of({1})}), "at most 8");
}

TEST(Shuffle, C4NegativeLengths) {
  EXPECT_VIOLATION(shape_of(reshape({-1, -1}), {of({6})}), "one length only");
  EXPECT_VIOLATION(shape_of(reshape({-2, 3}), {of({6})}), "-2");
}

TEST(Shuffle, C5PlaceholderBeyondTheRank) { EXPECT_VIOLATION(shape_of(reshape({6, 0}), {of({6})}), "position 1"); }

TEST(Shuffle, C6InferredBesideZero) {
  EXPECT_VIOLATION(shape_of(reshape({0, -1}), {of({0, 4})}), "undetermined");
  EXPECT_VIOLATION(shape_of(reshape({0, -1}, false), {of({kUnknown, 4})}), "undetermined");
}

TEST(Shuffle, C7Volume) {
  EXPECT_VIOLATION(shape_of(reshape({5}), {of({2, 3})}), "changes volume");
  EXPECT_VIOLATION(shape_of(reshape({4, -1}), {of({2, 3})}), "changes volume");
  EXPECT_VIOLATION(shape_of(reshape({0, 2, -1}), {of({kUnknown, 3})}), "changes volume");
  EXPECT_VIOLATION(shape_of(Shuffle{}, {of({2, 3}), numbers({std::nullopt, 4})}), "changes volume");
  EXPECT_EQ(violation([] { return shape_of(reshape({0, 4}), {of({kUnknown, 3})}); }), "") << "fits an empty batch";
}

TEST(Shuffle, FoldKeepsUnknownElements) {
  Shuffle op = reshape({2, 2});
  op.second_transpose = {1, 0};
  EXPECT_EQ(fold_of(op, {numbers({1, std::nullopt, 3, 4})}), (std::vector<Number>{1, 3, std::nullopt, 4}));
  EXPECT_FALSE(folds(op, {of({4})}));
}

TEST(Shuffle, KernelEqualsFold) {
  Dice dice(1);
  for (int i = 0; i < 200; ++i) {
    const int rank = static_cast<int>(dice.between(0, 4));
    const Shape shape = dice.shape(rank, 0, 3);
    Shuffle op;
    op.first_transpose = dice.permutation(rank);
    if (dice.coin()) op.reshape = std::vector<int64_t>{shape.volume(), 1};
    op.second_transpose = dice.permutation(op.reshape ? 2 : rank);
    op.zero_is_placeholder = false;
    expect_kernel_equals_fold(op, {dice.filled(shape, -9, 9, dice.coin() ? DType::kInt64 : DType::kBool)});
  }
}

TEST(Shuffle, MovesEightBitFloats) {
  const at::Tensor x = at::arange(6, at::kFloat).to(at::kFloat8_e4m3fn);
  Shuffle op = reshape({2, 3});
  op.second_transpose = {1, 0};
  const at::Tensor y = run_kernel(op, {of({6}, DType::kFloat8)}, {x}).at(0);
  EXPECT_EQ(y.scalar_type(), at::kFloat8_e4m3fn);
  EXPECT_TRUE(at::equal(y.to(at::kFloat), at::arange(6, at::kFloat).reshape({2, 3}).t()));
}

}  // namespace
}  // namespace torchtrt::engine

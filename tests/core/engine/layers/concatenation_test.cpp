// Concatenation: one test per constraint, kernel against fold.
#include "core/engine/layers/concatenation.h"

#include "tests/core/engine/layers/layer_case.h"

namespace torchtrt::engine {
namespace {

using namespace layer_case;

TEST(Concatenation, AddsLengths) {
  EXPECT_EQ(shape_of(Concatenation{1}, {of({2, 3}), of({2, 0}), of({2, 4})}), (Shape{2, 7}));
  EXPECT_EQ(shape_of(Concatenation{0}, {of({kUnknown, kUnknown}), of({2, 3})}), (Shape{kUnknown, 3}));
}

TEST(Concatenation, FoldTakesUnknownInputsAndElements) {
  const Args args{numbers({1, std::nullopt}), of({1}, DType::kInt64), numbers({}), numbers({4})};
  EXPECT_EQ(fold_of(Concatenation{0}, args), (std::vector<Number>{1, std::nullopt, std::nullopt, 4}));
  EXPECT_FALSE(folds(Concatenation{0}, {of({1}, DType::kInt64), of({1}, DType::kInt64)}));
  EXPECT_FALSE(folds(Concatenation{0}, {numbers({1}), of({kUnknown}, DType::kInt64)}));
}

TEST(Concatenation, C1Inputs) {
  EXPECT_VIOLATION(type_of(Concatenation{}, {}), "inputs");
  EXPECT_VIOLATION(type_of(Concatenation{}, {DType::kFloat32, DType::kNone}), "none");
}

TEST(Concatenation, C2Types) {
  EXPECT_VIOLATION(type_of(Concatenation{}, {DType::kUInt8, DType::kUInt8}), "uint8");
  EXPECT_VIOLATION(type_of(Concatenation{}, {DType::kFloat32, DType::kFloat16}), "input 1 has float16");
}

TEST(Concatenation, C3Axis) {
  EXPECT_VIOLATION(shape_of(Concatenation{2}, {of({2, 3})}), "axis 2");
  EXPECT_VIOLATION(shape_of(Concatenation{-1}, {of({2, 3})}), "axis -1");
  EXPECT_VIOLATION(shape_of(Concatenation{0}, {of({})}), "axis 0");
}

TEST(Concatenation, C4Rank) { EXPECT_VIOLATION(shape_of(Concatenation{0}, {of({2}), of({2, 1})}), "rank 1"); }

TEST(Concatenation, C5Lengths) {
  EXPECT_VIOLATION(shape_of(Concatenation{0}, {of({2, 3}), of({2, 4})}), "beside axis 0");
}

TEST(Concatenation, KernelEqualsFold) {
  Dice dice(5);
  for (int i = 0; i < 100; ++i) {
    const int rank = static_cast<int>(dice.between(1, 3));
    const Concatenation op{dice.between(0, rank - 1)};
    const DType type = dice.coin() ? DType::kBool : DType::kInt32;
    Shape shape = dice.shape(rank, 0, 3);
    Args args;
    for (int64_t n = dice.between(1, 3); n > 0; --n) {
      shape[static_cast<int>(op.axis)] = dice.between(0, 3);
      args.push_back(dice.filled(shape, 0, 1, type));
    }
    expect_kernel_equals_fold(op, args);
  }
}

TEST(Concatenation, MovesEightBitFloats) {
  const at::Tensor x = at::tensor({1.f, 2.f}).to(at::kFloat8_e4m3fn);
  const Arg arg = of({2}, DType::kFloat8);
  const at::Tensor y = run_kernel(Concatenation{0}, {arg, arg}, {x, x}).at(0);
  EXPECT_TRUE(at::equal(y.to(at::kFloat), at::tensor({1.f, 2.f, 1.f, 2.f})));
}

}  // namespace
}  // namespace torchtrt::engine

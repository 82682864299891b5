// Gather: shapes of three modes, one test per constraint, kernel against fold.
#include "core/engine/layers/gather.h"

#include "tests/core/engine/layers/layer_case.h"

namespace torchtrt::engine {
namespace {

using namespace layer_case;
constexpr DType kI = DType::kInt32;

Gather gather(GatherMode mode, int64_t axis = 0, int64_t elementwise = 0) { return {mode, axis, elementwise}; }

TEST(Gather, Shapes) {
  const auto def = [](int64_t axis, int64_t e = 0) { return gather(GatherMode::kDefault, axis, e); };
  EXPECT_EQ(shape_of(def(1), {of({2, 3, 4}), of({5, 6}, kI)}), (Shape{2, 5, 6, 4}));
  EXPECT_EQ(shape_of(def(0), {of({kUnknown, 4}), of({}, kI)}), Shape{4});
  EXPECT_EQ(shape_of(def(0), {of({9, 4}), of({kUnknown}, kI)}), (Shape{kUnknown, 4}));
  EXPECT_EQ(shape_of(def(2, 1), {of({1, 3, 4}), of({2, 6}, kI)}), (Shape{2, 3, 6}));
  const Gather nd = gather(GatherMode::kND);
  EXPECT_EQ(shape_of(nd, {of({2, 3, 4}), of({5, 2}, kI)}), (Shape{5, 4}));
  EXPECT_EQ(shape_of(gather(GatherMode::kND, 0, 1), {of({2, 3, 4}), of({2, 7, 1}, kI)}), (Shape{2, 7, 4}));
  EXPECT_EQ(shape_of(nd, {of({3}), of({1}, kI)}), Shape{});
  EXPECT_EQ(shape_of(gather(GatherMode::kElement, 1), {of({2, 3}), of({1, 9}, kI)}), (Shape{1, 9}));
}

TEST(Gather, IndicesOutsideGiveZeroAndNegativeOnesCountFromTheEnd) {
  const Args args{numbers({10, 11, 12}), numbers({-1, 3, 0, -4, std::nullopt})};
  EXPECT_EQ(fold_of(gather(GatherMode::kDefault), args), (std::vector<Number>{12, 0, 10, 0, std::nullopt}));
  EXPECT_EQ(fold_of(gather(GatherMode::kDefault), {numbers({std::nullopt, 5}), number(1)}), (std::vector<Number>{5}));
}

TEST(Gather, C1Types) {
  EXPECT_VIOLATION(type_of(Gather{}, {DType::kUInt8, kI}), "uint8");
  EXPECT_VIOLATION(type_of(Gather{}, {DType::kFloat32, DType::kFloat32}), "indices");
}

TEST(Gather, C2Scalar) { EXPECT_VIOLATION(shape_of(Gather{}, {of({}), of({1}, kI)}), "at least one axis"); }

TEST(Gather, C3Axis) {
  EXPECT_VIOLATION(shape_of(gather(GatherMode::kDefault, 2), {of({2, 3}), of({1}, kI)}), "axis 2");
  EXPECT_VIOLATION(shape_of(gather(GatherMode::kElement, -1), {of({2, 3}), of({1, 1}, kI)}), "axis -1");
}

TEST(Gather, C4ElementwiseDimensions) {
  const Args args{of({2, 3}), of({2, 1}, kI)};
  EXPECT_VIOLATION(shape_of(gather(GatherMode::kDefault, 0, 1), args), "DEFAULT");
  EXPECT_VIOLATION(shape_of(gather(GatherMode::kDefault, 1, 2), args), "DEFAULT");
  EXPECT_VIOLATION(shape_of(gather(GatherMode::kDefault, 1, 1), {of({2, 3}), of({}, kI)}), "DEFAULT");
}

TEST(Gather, C5FirstLengths) {
  EXPECT_VIOLATION(shape_of(gather(GatherMode::kDefault, 1, 1), {of({2, 3}), of({4, 1}, kI)}), "cannot be broadcast");
}

TEST(Gather, C6C7Element) {
  const Gather op = gather(GatherMode::kElement, 1);
  EXPECT_VIOLATION(shape_of(op, {of({2, 3}), of({2}, kI)}), "ELEMENT");
  EXPECT_VIOLATION(shape_of(op, {of({2, 3}), of({4, 3}, kI)}), "longer");
  EXPECT_VIOLATION(shape_of(gather(GatherMode::kElement, 1, 1), {of({2, 3}), of({2, 3}, kI)}), "ELEMENT");
}

TEST(Gather, C8C9C10ND) {
  EXPECT_VIOLATION(shape_of(gather(GatherMode::kND, 0, 2), {of({2, 3, 4}), of({2, 3, 1}, kI)}), "ND");
  EXPECT_VIOLATION(shape_of(gather(GatherMode::kND), {of({2, 3}), of({}, kI)}), "ND");
  EXPECT_VIOLATION(shape_of(gather(GatherMode::kND), {of({2, 3}), of({5, 3}, kI)}), "at most 2");
  EXPECT_VIOLATION(shape_of(gather(GatherMode::kND), {of({2, 3}), of({5, kUnknown}, kI)}), "known");
  EXPECT_VIOLATION(shape_of(gather(GatherMode::kND, 0, 1), {of({2, 3, 4}), of({3, 1}, kI)}), "elementwise lengths");
}

TEST(Gather, C11Rank) {
  EXPECT_VIOLATION(shape_of(Gather{}, {of(Shape::filled(5, 2)), of(Shape::filled(5, 2), kI)}), "more than 8");
}

TEST(Gather, KernelEqualsFold) {
  Dice dice(4);
  for (int i = 0; i < 600; ++i) {
    Gather op{static_cast<GatherMode>(dice.between(0, 2)), 0, 0};
    const int rank = static_cast<int>(dice.between(1, 3));
    const Shape data = dice.shape(rank, 0, 3);
    Shape indices = dice.shape(static_cast<int>(dice.between(0, 3)), 0, 3);
    op.axis = dice.between(0, rank - 1);
    if (op.mode == GatherMode::kElement) {
      indices = data;
      indices[static_cast<int>(op.axis)] = dice.between(0, 4);
    } else if (op.mode == GatherMode::kND) {
      op.elementwise_dims = rank > 2 ? dice.between(0, 1) : 0;
      indices = dice.shape(static_cast<int>(dice.between(op.elementwise_dims, 2)), 0, 3);
      if (op.elementwise_dims) indices[0] = data[0];
      indices.push_back(dice.between(0, rank - op.elementwise_dims));
    } else if (op.axis > 0 && indices.rank() > 0 && dice.coin()) {
      op.elementwise_dims = 1;
      indices[0] = dice.coin() ? 1 : data[0];
    }
    SCOPED_TRACE(join("mode ", static_cast<int>(op.mode), " axis ", op.axis, " e ", op.elementwise_dims, " data ", data,
                      " indices ", indices));
    expect_kernel_equals_fold(op, {dice.filled(data, 1, 99, dice.coin() ? DType::kFloat32 : DType::kInt64),
                                   dice.filled(indices, -5, 5, dice.coin() ? kI : DType::kInt64)});
  }
}

TEST(Gather, MovesEightBitFloatsAndBooleans) {
  const at::Tensor indices = at::tensor({2, 0, 7}, at::kInt);
  const at::Tensor x = at::arange(3, at::kFloat).add(1);
  const at::Tensor y =
      run_kernel(Gather{}, {of({3}, DType::kFloat8), of({3}, kI)}, {x.to(at::kFloat8_e4m3fn), indices})[0];
  EXPECT_TRUE(at::equal(y.to(at::kFloat), at::tensor({3.f, 1.f, 0.f})));
  const at::Tensor b = run_kernel(Gather{}, {of({3}, DType::kBool), of({3}, kI)}, {x.gt(1), indices})[0];
  EXPECT_TRUE(at::equal(b, at::tensor({1, 0, 0}).to(at::kBool)));
}

}  // namespace
}  // namespace torchtrt::engine

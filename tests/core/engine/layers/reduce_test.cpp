// Reduce and Cumulative: one test per constraint, kernels against folds, empty reductions.
#include "core/engine/layers/reduce.h"

#include <cmath>
#include <limits>

#include "core/engine/layers/cumulative.h"
#include "tests/core/engine/layers/layer_case.h"

namespace torchtrt::engine {
namespace {

using namespace layer_case;
constexpr ReduceOp kOps[] = {ReduceOp::kSum, ReduceOp::kProd, ReduceOp::kMax, ReduceOp::kMin, ReduceOp::kAvg};

TEST(Reduce, Shapes) {
  EXPECT_EQ(shape_of(Reduce{ReduceOp::kSum, 0b101, false}, {of({2, kUnknown, 4})}), Shape{kUnknown});
  EXPECT_EQ(shape_of(Reduce{ReduceOp::kSum, 0b101, true}, {of({2, kUnknown, 4})}), (Shape{1, kUnknown, 1}));
  EXPECT_EQ(shape_of(Reduce{ReduceOp::kSum, 0b11, false}, {of({2, 3})}), Shape{});
}

TEST(Reduce, C1Types) {
  EXPECT_VIOLATION(type_of(Reduce{}, {DType::kBool}), "cast to int32");
  EXPECT_VIOLATION(type_of(Reduce{}, {DType::kUInt8}), "got uint8");
}

TEST(Reduce, C2Axes) {
  EXPECT_VIOLATION(shape_of(Reduce{ReduceOp::kSum, 0, false}, {of({2})}), "axes mask 0");
  EXPECT_VIOLATION(shape_of(Reduce{ReduceOp::kSum, 0b10, false}, {of({2})}), "axes mask 2");
  EXPECT_VIOLATION(shape_of(Reduce{ReduceOp::kSum, 1, false}, {of({})}), "axes mask 1");
}

TEST(Reduce, FoldKeepsUnknownElements) {
  const Arg x = value({1, std::nullopt, 3, 4}, {2, 2});
  EXPECT_EQ(fold_of(Reduce{ReduceOp::kSum, 0b10, false}, {x}), (std::vector<Number>{std::nullopt, 7}));
}

TEST(Reduce, IntegerAveragesTruncate) {
  const Arg x = value({-3, 0, 3, 2}, {2, 2}, DType::kInt32);
  EXPECT_EQ(fold_of(Reduce{ReduceOp::kAvg, 0b10, false}, {x}), (std::vector<Number>{-1, 2}));
}

TEST(Reduce, KernelEqualsFold) {
  Dice dice(7);
  for (int i = 0; i < 300; ++i) {
    const int rank = static_cast<int>(dice.between(1, 4));
    const Reduce op{kOps[dice.between(0, 4)], static_cast<uint32_t>(dice.between(1, (1 << rank) - 1)), dice.coin()};
    const DType type = dice.coin() ? DType::kInt32 : DType::kInt64;
    expect_kernel_equals_fold(op, {dice.filled(dice.shape(rank, 0, 3), -9, 9, type)});
  }
}

// What every operation yields of nothing.
template <class T>
void expect_empty(DType type, T sum, T product, T largest, T smallest, T average) {
  const T expected[] = {sum, product, largest, smallest, average};
  for (int i = 0; i < 5; ++i) {
    const at::Tensor x = at::empty({2, 0}, scalar_type_of(type));
    const at::Tensor y = run_kernel(Reduce{kOps[i], 0b10, false}, {of({2, 0}, type)}, {x}).at(0);
    EXPECT_EQ(y.numel(), 2);
    EXPECT_EQ(y.scalar_type(), scalar_type_of(type));
    const auto got = y[0].item<T>();
    EXPECT_TRUE(got == expected[i] || (std::isnan(double(got)) && std::isnan(double(expected[i])))) << i << ' ' << got;
  }
}

TEST(Reduce, EmptyReductions) {
  const double infinity = std::numeric_limits<double>::infinity(), nan = std::numeric_limits<double>::quiet_NaN();
  for (const DType type : {DType::kFloat32, DType::kFloat16, DType::kBFloat16})
    expect_empty<double>(type, 0, 1, -infinity, infinity, nan);
  expect_empty<int64_t>(DType::kInt8, 0, 1, -128, 127, -128);
  using I = std::numeric_limits<int32_t>;
  expect_empty<int64_t>(DType::kInt32, 0, 1, I::min(), I::max(), 0);
  using L = std::numeric_limits<int64_t>;
  expect_empty<int64_t>(DType::kInt64, 0, 1, L::min(), L::max(), 0);
}

TEST(Reduce, HalfTypesAccumulateInFloat) {
  const at::Tensor ones = at::ones({4096}, at::kHalf).mul(0.5);
  const at::Tensor sum = run_kernel(Reduce{ReduceOp::kSum, 1, false}, {of({4096}, DType::kFloat16)}, {ones}).at(0);
  EXPECT_EQ(sum.item<float>(), 2048);
  const at::Tensor near = at::full({64}, 1.01, at::kBFloat16);
  const at::Tensor product = run_kernel(Reduce{ReduceOp::kProd, 1, false}, {of({64}, DType::kBFloat16)}, {near}).at(0);
  EXPECT_EQ(product.item<float>(), at::prod(near.to(at::kFloat)).to(at::kBFloat16).item<float>());
}

TEST(Cumulative, Directions) {
  const auto row = [](bool exclusive, bool reverse) {
    return fold_of(Cumulative{exclusive, reverse}, {numbers({1, 2, 4}), number(-1)});
  };
  EXPECT_EQ(row(false, false), (std::vector<Number>{1, 3, 7}));
  EXPECT_EQ(row(true, false), (std::vector<Number>{0, 1, 3}));
  EXPECT_EQ(row(false, true), (std::vector<Number>{7, 6, 4}));
  EXPECT_EQ(row(true, true), (std::vector<Number>{6, 4, 0}));
  EXPECT_EQ(fold_of(Cumulative{}, {numbers({1, std::nullopt, 1}), number(0)}),
            (std::vector<Number>{1, std::nullopt, std::nullopt}));
  EXPECT_EQ(shape_of(Cumulative{}, {of({2, kUnknown}), number(std::nullopt)}), (Shape{2, kUnknown}));
}

TEST(Cumulative, C1Types) {
  EXPECT_VIOLATION(type_of(Cumulative{}, {DType::kBool, DType::kInt32}), "got bool");
  EXPECT_VIOLATION(type_of(Cumulative{}, {DType::kFloat32, DType::kFloat32}), "axis");
}

TEST(Cumulative, C2Scalar) { EXPECT_VIOLATION(shape_of(Cumulative{}, {of({}), number(0)}), "at least one axis"); }

TEST(Cumulative, C3Axis) {
  EXPECT_VIOLATION(shape_of(Cumulative{}, {of({2}), number(1)}), "axis 1");
  EXPECT_VIOLATION(shape_of(Cumulative{}, {of({2}), numbers({0})}), "scalar");
}

TEST(Cumulative, KernelEqualsFold) {
  Dice dice(8);
  for (int i = 0; i < 100; ++i) {
    const int rank = static_cast<int>(dice.between(1, 3));
    const Arg x = dice.filled(dice.shape(rank, 0, 3), -9, 9, dice.coin() ? DType::kInt32 : DType::kFloat32);
    expect_kernel_equals_fold(Cumulative{dice.coin(), dice.coin()}, {x, number(dice.between(-rank, rank - 1))});
  }
}

}  // namespace
}  // namespace torchtrt::engine

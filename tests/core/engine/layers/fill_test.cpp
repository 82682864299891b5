// Fill: one test per constraint, ranges against their definition, spread of random numbers.
#include "core/engine/layers/fill.h"

#include "tests/core/engine/layers/layer_case.h"

namespace torchtrt::engine {
namespace {

using namespace layer_case;

Fill range(int64_t length, int64_t alpha, int64_t beta, DType type = DType::kInt64) {
  Fill op;
  op.shape = Shape{length};
  op.integral = true;
  op.alpha_int = alpha;
  op.beta_int = beta;
  op.to_type = type;
  return op;
}

Fill random(FillOp kind, DType type = DType::kFloat32) {
  Fill op;
  op.op = kind;
  op.shape = Shape{100, 100};
  op.alpha = 2;
  op.beta = 5;
  op.to_type = type;
  return op;
}

TEST(Fill, Ranges) {
  EXPECT_EQ(fold_of(range(4, 10, -3), {}), (std::vector<Number>{10, 7, 4, 1}));
  EXPECT_EQ(fold_of(range(2, 2147483647, 1, DType::kInt32), {}), (std::vector<Number>{2147483647, -2147483648}));
  for (const DType type : {DType::kInt32, DType::kInt64, DType::kFloat32})
    expect_kernel_equals_fold(range(5, -2, 3, type), {});
  Fill halves;
  halves.shape = Shape{3};
  halves.alpha = 0.25;
  halves.beta = 0.1;
  const at::Tensor got = run_kernel(halves, {}).at(0);
  EXPECT_TRUE(at::allclose(got, at::tensor({0.25f, 0.35f, 0.45f}))) << got;
  EXPECT_EQ(run_kernel(range(0, 0, 1), {}).at(0).numel(), 0);
}

TEST(Fill, RangesOfTensors) {
  const Args args{numbers({2, 3}), number(100), numbers({10, 1})};
  EXPECT_EQ(fold_of(range(0, 0, 0), args), (std::vector<Number>{100, 101, 102, 110, 111, 112}));
  expect_kernel_equals_fold(range(0, 0, 0), args);
  const Args unknown{numbers({2}), number(std::nullopt), numbers({1})};
  EXPECT_EQ(fold_of(range(0, 0, 0), unknown), (std::vector<Number>{std::nullopt, std::nullopt}));
}

TEST(Fill, DimsMayBeUnknown) {
  EXPECT_EQ(shape_of(range(3, 0, 1), {numbers({std::nullopt})}), Shape{kUnknown});
  EXPECT_FALSE(folds(range(3, 0, 1), {numbers({std::nullopt})}));
}

TEST(Fill, RandomNumbers) {
  const at::Tensor uniform = run_kernel(random(FillOp::kRandomUniform), {}).at(0);
  EXPECT_GE(uniform.min().item<float>(), 2);
  EXPECT_LE(uniform.max().item<float>(), 5);
  EXPECT_NEAR(uniform.mean().item<float>(), 3.5, 0.1);
  const at::Tensor normal = run_kernel(random(FillOp::kRandomNormal), {}).at(0);
  EXPECT_NEAR(normal.mean().item<float>(), 2, 0.3);
  EXPECT_NEAR(normal.std().item<float>(), 5, 0.3);
  EXPECT_EQ(run_kernel(random(FillOp::kRandomNormal, DType::kFloat16), {}).at(0).scalar_type(), at::kHalf);
  EXPECT_FALSE(folds(random(FillOp::kRandomNormal), {}));
}

TEST(Fill, C1Dims) { EXPECT_VIOLATION(type_of(Fill{}, {DType::kFloat32}), "dims"); }

TEST(Fill, C2OutputType) {
  EXPECT_VIOLATION(type_of(range(1, 0, 1, DType::kFloat16), {}), "float16");
  EXPECT_VIOLATION(type_of(random(FillOp::kRandomUniform, DType::kInt32), {}), "int32");
}

TEST(Fill, C3AlphaBeta) {
  const DType f = DType::kFloat32, none = DType::kNone;
  EXPECT_VIOLATION(type_of(Fill{}, {none, f, DType::kInt32}), "one type");
  EXPECT_VIOLATION(shape_of(range(1, 0, 1), {absent(), number(1)}), "both");
  EXPECT_VIOLATION(shape_of(range(1, 0, 1), {absent(), number(1, DType::kInt32), numbers({1}, DType::kInt32)}),
                   "output type int64");
}

TEST(Fill, C4Dims) {
  EXPECT_VIOLATION(shape_of(range(1, 0, 1), {of({kUnknown}, DType::kInt32)}), "known at build time");
  EXPECT_VIOLATION(shape_of(range(1, 0, 1), {of({9}, DType::kInt32)}), "at most 8");
  EXPECT_VIOLATION(shape_of(range(1, 0, 1), {of({}, DType::kInt32)}), "must have one axis");
}

TEST(Fill, C5NegativeLength) { EXPECT_VIOLATION(shape_of(range(1, 0, 1), {numbers({-1})}), "negative"); }

TEST(Fill, C6StaticRange) { EXPECT_VIOLATION(shape_of(range(1, 0, 1), {numbers({2, 2})}), "one axis"); }

TEST(Fill, C7Ranks) {
  EXPECT_VIOLATION(shape_of(range(1, 0, 1), {absent(), numbers({1}), numbers({1})}), "alpha must be a scalar");
  EXPECT_VIOLATION(shape_of(range(1, 0, 1), {absent(), number(1), numbers({1, 1})}), "one number per axis");
  const Arg scalar = of({}), vector = of({2});
  EXPECT_VIOLATION(shape_of(random(FillOp::kRandomUniform), {absent(), scalar, vector}), "a scalar");
}

}  // namespace
}  // namespace torchtrt::engine

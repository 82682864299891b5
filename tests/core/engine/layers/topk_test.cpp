// TopK: one test per constraint, ties, NaN.
#include "core/engine/layers/topk.h"

#include <limits>

#include "tests/core/engine/layers/layer_case.h"

namespace torchtrt::engine {
namespace {

using namespace layer_case;
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInf = std::numeric_limits<float>::infinity();

std::vector<at::Tensor> top(TopKOp op, int64_t k, const at::Tensor& x, DType indices = DType::kInt32) {
  const Shape shape(std::span<const int64_t>(x.sizes().begin(), x.sizes().end()));
  return run_kernel(TopK{op, k, 1u << (x.dim() - 1), indices}, {of(shape, dtype_of(x.scalar_type()))}, {x});
}

TEST(TopK, Shapes) {
  EXPECT_EQ(shape_of(TopK{TopKOp::kMax, 3, 0b10}, {of({kUnknown, 5})}), (Shape{kUnknown, 3}));
  EXPECT_EQ(shape_of(TopK{TopKOp::kMax, 3, 0b10}, {of({2, 5}), number(4)}, 1), (Shape{2, 4}));
  EXPECT_EQ(shape_of(TopK{TopKOp::kMax, 3, 0b10}, {of({2, 5}), number(std::nullopt)}), (Shape{2, kUnknown}));
  EXPECT_EQ(type_of(TopK{TopKOp::kMax, 1, 1, DType::kInt64}, {DType::kFloat16}, 1), DType::kInt64);
}

TEST(TopK, LowerIndexFirstOnTies) {
  const at::Tensor x = at::tensor({3, 1, 3, 2, 1, 3}, at::kInt);
  for (int64_t k = 1; k <= 6; ++k) {
    EXPECT_TRUE(at::equal(top(TopKOp::kMax, k, x)[1], at::tensor({0, 2, 5, 3, 1, 4}, at::kInt).narrow(0, 0, k)));
    EXPECT_TRUE(at::equal(top(TopKOp::kMin, k, x)[1], at::tensor({1, 4, 3, 0, 2, 5}, at::kInt).narrow(0, 0, k)));
  }
  EXPECT_EQ(top(TopKOp::kMax, 2, x, DType::kInt64)[1].scalar_type(), at::kLong);
}

TEST(TopK, NanIsLargest) {
  for (const at::ScalarType type : {at::kFloat, at::kHalf, at::kBFloat16}) {
    const at::Tensor x = at::tensor({1.f, kNan, kInf, kNan, -kInf}).to(type);
    for (int64_t k = 1; k <= 5; ++k) {
      EXPECT_TRUE(at::equal(top(TopKOp::kMax, k, x)[1], at::tensor({1, 3, 2, 0, 4}, at::kInt).narrow(0, 0, k)));
      EXPECT_TRUE(at::equal(top(TopKOp::kMin, k, x)[1], at::tensor({4, 0, 2, 1, 3}, at::kInt).narrow(0, 0, k)));
    }
  }
}

TEST(TopK, KOfATensorAndOtherAxes) {
  const at::Tensor x = at::tensor({1.f, 5.f, 3.f, 4.f}).reshape({2, 2});
  const auto y = run_kernel(TopK{TopKOp::kMax, 9, 0b01}, {of({2, 2}), number(1, DType::kInt32)}, {x});
  EXPECT_TRUE(at::equal(y[0], at::tensor({3.f, 5.f}).reshape({1, 2})));
  EXPECT_TRUE(at::equal(y[1], at::tensor({1, 0}, at::kInt).reshape({1, 2})));
  EXPECT_EQ(top(TopKOp::kMax, 1, at::empty({0, 3}))[0].size(1), 1);
}

TEST(TopK, C1Types) {
  EXPECT_VIOLATION(type_of(TopK{}, {DType::kBool}), "got bool");
  EXPECT_VIOLATION(type_of(TopK{}, {DType::kFloat32, DType::kFloat32}), "K");
  EXPECT_VIOLATION(type_of(TopK{TopKOp::kMax, 1, 1, DType::kFloat32}, {DType::kFloat32}), "indices");
}

TEST(TopK, C2Axis) {
  EXPECT_VIOLATION(shape_of(TopK{TopKOp::kMax, 1, 0}, {of({2, 2})}), "axes mask 0");
  EXPECT_VIOLATION(shape_of(TopK{TopKOp::kMax, 1, 0b11}, {of({2, 2})}), "axes mask 3");
  EXPECT_VIOLATION(shape_of(TopK{TopKOp::kMax, 1, 0b100}, {of({2, 2})}), "axes mask 4");
  EXPECT_VIOLATION(shape_of(TopK{TopKOp::kMax, 1, 0b1}, {of({2, 2, 2, 2, 2})}), "last four");
}

TEST(TopK, C3Range) {
  EXPECT_VIOLATION(shape_of(TopK{TopKOp::kMax, 0, 1}, {of({2})}), "K 0");
  EXPECT_VIOLATION(shape_of(TopK{TopKOp::kMax, 3841, 1}, {of({5000})}), "3840");
  EXPECT_VIOLATION(shape_of(TopK{TopKOp::kMax, 1, 1}, {of({2}), number(-1)}), "K -1");
}

TEST(TopK, C4Length) { EXPECT_VIOLATION(shape_of(TopK{TopKOp::kMax, 3, 1}, {of({2})}), "above the length"); }

TEST(TopK, C5Scalar) { EXPECT_VIOLATION(shape_of(TopK{TopKOp::kMax, 1, 1}, {of({2}), numbers({1})}), "scalar"); }

}  // namespace
}  // namespace torchtrt::engine

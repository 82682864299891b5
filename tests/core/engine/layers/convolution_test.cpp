// Convolution and Deconvolution: shapes, constraints.
#include "core/engine/layers/convolution.h"

#include "core/engine/layers/deconvolution.h"
#include "tests/core/engine/layers/layer_rules.h"

// Both kinds share their constraints, so every test runs for both.
namespace torchtrt::engine::testing {
namespace {

const std::vector<float> kNumbers(1000, 1.0f);

Weights weights(int64_t count, DType dtype = kF32) { return {dtype, count, kNumbers.data(), nullptr, ""}; }

// 4 channels to 8, kernel 3 x 3.
template <class Op>
Op square(int64_t groups = 1) {
  Op op;
  op.output_maps = 8;
  op.kernel_size = {3, 3};
  op.stride = op.dilation = {1, 1};
  op.pre_padding = op.post_padding = {0, 0};
  op.groups = groups;
  op.kernel = weights(4 * 8 * 9 / groups);
  return op;
}

const Shape kImage{2, 4, 8, 9};

template <class Op>
class Convolutions : public ::testing::Test {};
using Kinds = ::testing::Types<Convolution, Deconvolution>;
TYPED_TEST_SUITE(Convolutions, Kinds);

TYPED_TEST(Convolutions, C1Inputs) {
  EXPECT_VIOLATION(types_of(square<TypeParam>(), {}), "1 to 3 inputs expected");
  EXPECT_VIOLATION(types_of(square<TypeParam>(), {DType::kNone}), "input 0 is missing");
}
TYPED_TEST(Convolutions, C2Tensors) {
  EXPECT_VIOLATION(types_of(square<TypeParam>(), {kI32}), "not int32");
  EXPECT_VIOLATION(types_of(square<TypeParam>(), {kF32, kBF16}), "both operands need one type: float32 and bfloat16");
  EXPECT_VIOLATION(types_of(square<TypeParam>(), {kF32, DType::kNone, kBF16}), "one type: [float32, none, bfloat16]");
}
TYPED_TEST(Convolutions, C3Weights) {
  EXPECT_VIOLATION(types_of(square<TypeParam>(), {kBF16}), "input and kernel need one type: bfloat16 and float32");
  TypeParam op = square<TypeParam>();
  op.bias = weights(8, kF16);
  EXPECT_VIOLATION(types_of(op, {kF32}), "input and bias need one type: float32 and float16");
}
TYPED_TEST(Convolutions, C4Window) {
  const auto with = [](auto change) {
    TypeParam op = square<TypeParam>();
    change(op);
    return shape_of(op, {kImage});
  };
  EXPECT_VIOLATION(with([](auto& op) { op.kernel_size = {3}; }), "2 or 3 axes, not [3]");
  EXPECT_VIOLATION(with([](auto& op) { op.stride = {1}; }), "need 2 values each");
  EXPECT_VIOLATION(with([](auto& op) { op.stride = {0, 1}; }), "have to be positive");
  EXPECT_VIOLATION(with([](auto& op) { op.dilation = {1, -1}; }), "have to be positive");
  EXPECT_VIOLATION(with([](auto& op) { op.post_padding = {-1, 0}; }), "must not be negative");
}
TYPED_TEST(Convolutions, C5Rank) {
  EXPECT_VIOLATION(shape_of(square<TypeParam>(), {Shape{2, 4, 8}}), "needs an input of rank 4");
}
TYPED_TEST(Convolutions, C6Channels) {
  EXPECT_VIOLATION(shape_of(square<TypeParam>(), {Shape{2, kX, 8, 8}}), "known at build time");
  EXPECT_VIOLATION(shape_of(square<TypeParam>(3), {kImage}), "multiples of the groups (3)");
  EXPECT_VIOLATION(shape_of(square<TypeParam>(-1), {kImage}), "have to be positive");
}
TYPED_TEST(Convolutions, C7OneKernel) {
  EXPECT_VIOLATION(shape_of(square<TypeParam>(), {kImage, Shape{8, 4, 3, 3}}), "not both");
  TypeParam op = square<TypeParam>();
  op.kernel = {};
  EXPECT_VIOLATION(shape_of(op, {kImage}), "there is neither");
}
TYPED_TEST(Convolutions, C8Kernel) {
  TypeParam op = square<TypeParam>();
  op.kernel = weights(100);
  EXPECT_VIOLATION(shape_of(op, {kImage}), "the kernel has 100 weights, expected 288");
  op.kernel = {};
  EXPECT_VIOLATION(shape_of(op, {kImage, Shape{8, 4, 3, 2}}), "kernel (input 1) has shape [8, 4, 3, 2], expected");
}
TYPED_TEST(Convolutions, C9OneBias) {
  TypeParam op = square<TypeParam>();
  op.bias = weights(8);
  EXPECT_VIOLATION(shape_of(op, {kImage, In::absent(), Shape{8}}), "bias is given either");
}
TYPED_TEST(Convolutions, C10Bias) {
  TypeParam op = square<TypeParam>();
  op.bias = weights(7);
  EXPECT_VIOLATION(shape_of(op, {kImage}), "the bias has 7 weights, expected 8");
  op.bias = {};
  EXPECT_VIOLATION(shape_of(op, {kImage, In::absent(), Shape{7}}), "bias (input 2) has shape [7], expected [8]");
}
TEST(Convolution, C11OutputLengths) {
  EXPECT_VIOLATION(shape_of(square<Convolution>(), {Shape{2, 4, 2, 8}}),
                   "axis 2 of length 2 gives the output length 0");
}
TEST(Deconvolution, C11OutputLengths) {
  Deconvolution op = square<Deconvolution>();
  op.pre_padding = op.post_padding = {2, 2};
  EXPECT_VIOLATION(shape_of(op, {Shape{2, 4, 2, 8}}), "axis 2 of length 2 gives the output length 0");
  EXPECT_VIOLATION(shape_of(square<Deconvolution>(), {Shape{2, 4, 0, 8}}), "not positive");
}

TEST(Convolution, Shapes) {
  EXPECT_EQ(shape_of(square<Convolution>(), {kImage}), (Shape{2, 8, 6, 7}));
  EXPECT_EQ(shape_of(square<Convolution>(4), {Shape{0, 4, kX, 9}}), (Shape{0, 8, kX, 7}));
  Convolution op = square<Convolution>();
  op.stride = {2, 2};
  op.dilation = {2, 1};
  op.pre_padding = {1, 0};
  op.post_padding = {0, 2};
  EXPECT_EQ(shape_of(op, {kImage}), (Shape{2, 8, 3, 5}));
  op.kernel = {};
  EXPECT_EQ(shape_of(op, {kImage, Shape{kX, 4, 3, 3}, Shape{8}}), (Shape{2, 8, 3, 5}));
}

TEST(Deconvolution, Shapes) {
  EXPECT_EQ(shape_of(square<Deconvolution>(), {kImage}), (Shape{2, 8, 10, 11}));
  Deconvolution op = square<Deconvolution>(2);
  op.stride = {2, 3};
  op.pre_padding = {1, 0};
  op.post_padding = {0, 2};
  EXPECT_EQ(shape_of(op, {kImage}), (Shape{2, 8, 16, 25}));
}

}  // namespace
}  // namespace torchtrt::engine::testing

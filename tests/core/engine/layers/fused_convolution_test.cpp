// FusedConvolution: constraints; passes alone make it.
#include "core/engine/layers/fused_convolution.h"

#include "tests/core/engine/layers/layer_rules.h"

namespace torchtrt::engine::testing {
namespace {

// 4 channels to 8, kernel 3 x 3, padded to keep the lengths.
FusedConvolution square() {
  FusedConvolution op;
  op.output_maps = 8;
  op.kernel_size = {3, 3};
  op.stride = op.dilation = op.pre_padding = op.post_padding = {1, 1};
  return op;
}

const Shape kImage{2, 4, 5, 6}, kKernel{8, 4, 3, 3}, kResult{2, 8, 5, 6};

TEST(FusedConvolution, Shapes) {
  EXPECT_EQ(shape_of(square(), {kImage, kKernel}), kResult);
  EXPECT_EQ(shape_of(square(), {kImage, kKernel, Shape{8}, kResult}), kResult);
  EXPECT_EQ(shape_of(square(), {kImage, kKernel, In::absent(), Shape{kX, 8, 5, kX}}), kResult);
}

TEST(FusedConvolution, C1Types) {
  EXPECT_VIOLATION(types_of(square(), {kF32}), "2 to 4 inputs expected");
  EXPECT_VIOLATION(types_of(square(), {kI32, kI32}), "not int32");
  EXPECT_VIOLATION(types_of(square(), {kF16, kF16, kF16, kF32}), "need one type");
}

TEST(FusedConvolution, C2AsConvolution) {
  EXPECT_VIOLATION(shape_of(square(), {Shape{2, 4, 5}, kKernel}), "needs an input of rank 4");
  EXPECT_VIOLATION(shape_of(square(), {kImage, Shape{8, 4, 3, 2}}),
                   "kernel (input 1) has shape [8, 4, 3, 2], expected");
}

TEST(FusedConvolution, C3Residual) {
  EXPECT_VIOLATION(shape_of(square(), {kImage, kKernel, Shape{8}, Shape{2, 8, 5, 1}}), "the residual [2, 8, 5, 1]");
  EXPECT_VIOLATION(shape_of(square(), {kImage, kKernel, In::absent(), Shape{8, 5, 6}}), "has not the shape");
}

}  // namespace
}  // namespace torchtrt::engine::testing

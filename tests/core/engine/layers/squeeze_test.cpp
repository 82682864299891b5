// Squeeze and Unsqueeze: one test per constraint, kernels against folds.
#include "core/engine/layers/squeeze.h"

#include "core/engine/layers/unsqueeze.h"
#include "tests/core/engine/layers/layer_case.h"

namespace torchtrt::engine {
namespace {

using namespace layer_case;

TEST(Squeeze, RemovesNamedAxes) {
  EXPECT_EQ(shape_of(Squeeze{}, {of({1, 2, 1}), numbers({0, -1})}), Shape{2});
  EXPECT_EQ(shape_of(Squeeze{}, {of({kUnknown, 2}), numbers({0})}), Shape{2});
  EXPECT_EQ(shape_of(Squeeze{}, {of({3, 2}), numbers({})}), (Shape{3, 2}));
  EXPECT_EQ(shape_of(Squeeze{}, {of({1, 2}), of({1}, DType::kInt32)}), Shape{kUnknown}) << "unknown axes";
  EXPECT_EQ(fold_of(Squeeze{}, {value({std::nullopt}, {1}), numbers({0})}), (std::vector<Number>{std::nullopt}));
}

TEST(Squeeze, C1Types) {
  EXPECT_VIOLATION(type_of(Squeeze{}, {DType::kUInt8, DType::kInt32}), "uint8");
  EXPECT_VIOLATION(type_of(Squeeze{}, {DType::kFloat32, DType::kFloat32}), "axes");
  EXPECT_VIOLATION(type_of(Squeeze{}, {}), "inputs");
}

TEST(Squeeze, C2NumberOfAxes) {
  EXPECT_VIOLATION(shape_of(Squeeze{}, {of({1}), numbers({0, 1})}), "cannot be removed");
  EXPECT_VIOLATION(shape_of(Squeeze{}, {of({1}), of({kUnknown}, DType::kInt32)}), "known at build time");
}

TEST(Squeeze, C3Axes) {
  EXPECT_VIOLATION(shape_of(Squeeze{}, {of({1, 1}), numbers({2})}), "axis 2");
  EXPECT_VIOLATION(shape_of(Squeeze{}, {of({1, 1}), numbers({0, -2})}), "named twice");
}

TEST(Squeeze, C4Length) { EXPECT_VIOLATION(shape_of(Squeeze{}, {of({2, 1}), numbers({0})}), "length 1"); }

TEST(Squeeze, C5AxesOnce) {
  EXPECT_VIOLATION(type_of(Squeeze{}, {DType::kFloat32}), "exactly one of both");
  EXPECT_VIOLATION(type_of(Squeeze{{{0}}}, {DType::kFloat32, DType::kInt32}), "exactly one of both");
}

TEST(Squeeze, AxesAsAttribute) { EXPECT_EQ(shape_of(Squeeze{{{0, -1}}}, {of({1, 2, 1})}), Shape{2}); }

TEST(Unsqueeze, InsertsAxes) {
  EXPECT_EQ(shape_of(Unsqueeze{}, {of({2, kUnknown}), numbers({0, -1})}), (Shape{1, 2, kUnknown, 1}));
  EXPECT_EQ(shape_of(Unsqueeze{}, {of({}), numbers({0})}), Shape{1});
  EXPECT_EQ(shape_of(Unsqueeze{}, {of({2}), of({1}, DType::kInt32)}), (Shape{kUnknown, kUnknown}));
  EXPECT_EQ(fold_of(Unsqueeze{}, {number(7), numbers({0})}), (std::vector<Number>{7}));
}

TEST(Unsqueeze, C1Types) {
  EXPECT_VIOLATION(type_of(Unsqueeze{}, {DType::kUInt8, DType::kInt32}), "uint8");
  EXPECT_VIOLATION(type_of(Unsqueeze{}, {DType::kFloat32, DType::kBool}), "axes");
}

TEST(Unsqueeze, C2Rank) {
  EXPECT_VIOLATION(shape_of(Unsqueeze{}, {of(Shape::filled(8, 1)), numbers({0})}), "rank 8");
  EXPECT_VIOLATION(shape_of(Unsqueeze{}, {of({1}), of({kUnknown}, DType::kInt32)}), "known at build time");
}

TEST(Unsqueeze, C3Axes) {
  EXPECT_VIOLATION(shape_of(Unsqueeze{}, {of({2}), numbers({2})}), "axis 2");
  EXPECT_VIOLATION(shape_of(Unsqueeze{}, {of({2}), numbers({0, 0})}), "named twice");
}

TEST(Unsqueeze, KernelsEqualFolds) {
  Dice dice(2);
  for (int i = 0; i < 50; ++i) {
    const Shape shape = dice.shape(static_cast<int>(dice.between(0, 3)), 0, 3);
    const Arg axes = numbers({dice.between(0, shape.rank())}, DType::kInt32);
    const Arg x = dice.filled(shape, -9, 9, DType::kInt32);
    expect_kernel_equals_fold(Unsqueeze{}, {x, axes});
    Arg wide = x;
    wide.shape = wide.value->shape = shape_of(Unsqueeze{}, {x, axes});
    expect_kernel_equals_fold(Squeeze{}, {wide, axes});
  }
}

}  // namespace
}  // namespace torchtrt::engine

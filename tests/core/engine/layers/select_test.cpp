// Select and ShapeOf: one test per constraint, kernels against folds.
#include "core/engine/layers/select.h"

#include "core/engine/layers/shape_of.h"
#include "tests/core/engine/layers/layer_case.h"

namespace torchtrt::engine {
namespace {

using namespace layer_case;
constexpr DType kB = DType::kBool, kF = DType::kFloat32;

TEST(Select, Broadcasts) {
  EXPECT_EQ(shape_of(Select{}, {of({2, 1, 1}, kB), of({1, 3, 1}), of({1, 1, 0})}), (Shape{2, 3, 0}));
  EXPECT_EQ(shape_of(Select{}, {of({kUnknown}, kB), of({4}), of({1})}), Shape{4});
}

TEST(Select, FoldNeedsTheConditionOnlyWhereItMatters) {
  const Arg condition = value({1, 0, std::nullopt, std::nullopt}, {4}, kB);
  const Args args{condition, numbers({1, std::nullopt, 3, 4}), numbers({std::nullopt, 6, 3, 8})};
  EXPECT_EQ(fold_of(Select{}, args), (std::vector<Number>{1, 6, 3, std::nullopt}));
  EXPECT_FALSE(folds(Select{}, {of({1}, kB), of({1}), of({1})}));
}

TEST(Select, C1Condition) { EXPECT_VIOLATION(type_of(Select{}, {DType::kInt32, kF, kF}), "must be bool, got int32"); }

TEST(Select, C2Types) {
  EXPECT_VIOLATION(type_of(Select{}, {kB, kF, DType::kFloat16}), "float32 and float16");
  EXPECT_VIOLATION(type_of(Select{}, {kB, DType::kUInt8, DType::kUInt8}), "uint8");
  for (const DType type : {kB, DType::kInt32, DType::kInt64, kF, DType::kFloat16, DType::kBFloat16})
    EXPECT_EQ(type_of(Select{}, {kB, type, type}), type);
}

TEST(Select, C3Rank) { EXPECT_VIOLATION(shape_of(Select{}, {of({2}, kB), of({2, 1}), of({2, 1})}), "one rank"); }

TEST(Select, C4Lengths) {
  EXPECT_VIOLATION(shape_of(Select{}, {of({2}, kB), of({3}), of({1})}), "cannot be broadcast");
  EXPECT_VIOLATION(shape_of(Select{}, {of({2}, kB), of({1}), of({3})}), "cannot be broadcast");
}

TEST(Select, KernelEqualsFold) {
  Dice dice(6);
  for (int i = 0; i < 100; ++i) {
    const Shape full = dice.shape(static_cast<int>(dice.between(0, 3)), 0, 3);
    Args args;
    for (const DType type : {kB, DType::kInt64, DType::kInt64}) {
      Shape shape = full;
      for (int axis = 0; axis < shape.rank(); ++axis)
        if (dice.coin()) shape[axis] = 1;
      args.push_back(dice.filled(shape, 0, 1, type));
    }
    expect_kernel_equals_fold(Select{}, args);
  }
}

TEST(ShapeOf, GivesLengths) {
  EXPECT_EQ(type_of(ShapeOf{}, {DType::kUInt8}), DType::kInt64);
  EXPECT_EQ(fold_of(ShapeOf{}, {of({2, kUnknown})}), (std::vector<Number>{2, std::nullopt}));
  EXPECT_EQ(fold_of(ShapeOf{}, {of({})}), std::vector<Number>{});
  const at::Tensor lengths = run_kernel(ShapeOf{}, {of({2, 3})}, {at::zeros({2, 3})}).at(0);
  EXPECT_TRUE(at::equal(lengths, at::tensor({2, 3}, at::kLong)));
}

TEST(ShapeOf, C1OneInput) { EXPECT_VIOLATION(type_of(ShapeOf{}, {}), "1 input expected"); }

}  // namespace
}  // namespace torchtrt::engine

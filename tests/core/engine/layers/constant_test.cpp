// Constant: types, counts, values on the host.
#include "core/engine/layers/constant.h"

#include "tests/core/engine/layers/layer_rules.h"

namespace torchtrt::engine::testing {
namespace {

const std::vector<float> kNumbers(6, 1.5f);
const std::vector<int64_t> kLengths{2, 3};

Constant constant(Shape shape, int64_t count = 6, DType dtype = kF32) {
  return Constant{Weights{dtype, count, kNumbers.data(), nullptr, ""}, shape};
}

TEST(Constant, C1NoInputs) { EXPECT_VIOLATION(types_of(constant({6}), {kF32}), "0 inputs expected, got 1"); }
TEST(Constant, C2Types) {
  EXPECT_VIOLATION(types_of(constant({6}, 6, kU8), {}), "not uint8");
  EXPECT_VIOLATION(types_of(constant({6}, 6, DType::kFloat64), {}), "not float64");
  for (const DType type : {kF32, kF16, kBF16, kI8, kI32, kI64, kBool, DType::kFloat8, DType::kInt4})
    EXPECT_EQ(types_of(constant({6}, 6, type), {}), Types{type});
}
TEST(Constant, C3CountIsVolume) {
  EXPECT_VIOLATION(shape_of(constant({2, 4}), {}), "shape [2, 4] has 8 elements, the weights 6");
  EXPECT_VIOLATION(shape_of(constant({kX, 4}), {}), "do not fill");
}
TEST(Constant, C4OneUnknownLength) {
  EXPECT_VIOLATION(shape_of(constant({kX, kX}), {}), "more than one length");
  EXPECT_EQ(shape_of(constant({kX, 2}), {}), (Shape{3, 2}));
}
TEST(Constant, C5Memory) {
  EXPECT_VIOLATION(types_of(Constant{Weights{kF32, 3, nullptr, nullptr, ""}, Shape{3}}, {}), "no memory");
  EXPECT_EQ(shape_of(Constant{Weights{}, Shape{0, 2}}, {}), (Shape{0, 2}));
}

TEST(Constant, FoldsSmallHostTypes) {
  const Constant lengths{Weights{kI64, 2, kLengths.data(), nullptr, ""}, Shape{2}};
  EXPECT_EQ(fold_of(lengths, {})->as_lengths(), kLengths);
  EXPECT_EQ(fold_of(constant({2, 3}), {})->elements[5].f, 1.5);
  EXPECT_FALSE(fold_of(constant({6}, 6, kF16), {}));
  const std::vector<float> many(kMaxHostElements + 1);
  const auto count = static_cast<int64_t>(many.size());
  EXPECT_FALSE(fold_of(Constant{Weights{kF32, count, many.data(), nullptr, ""}, Shape{count}}, {}));
}

}  // namespace
}  // namespace torchtrt::engine::testing

// Unary: types by operation and values on the host.
#include "core/engine/layers/unary.h"

#include <cmath>
#include <limits>

#include "tests/core/engine/layers/layer_rules.h"

namespace torchtrt::engine::testing {
namespace {

constexpr Unary op(UnaryOp which) { return Unary{which}; }

TEST(Unary, TypesFollowTheOperation) {
  for (const DType type : {kF32, kF16, kBF16, kI8}) EXPECT_EQ(types_of(op(UnaryOp::kErf), {type}), Types{type});
  for (const DType type : {kF32, kI8, kI32, kI64}) EXPECT_EQ(types_of(op(UnaryOp::kSign), {type}), Types{type});
  EXPECT_EQ(types_of(op(UnaryOp::kNot), {kBool}), Types{kBool});
  EXPECT_EQ(types_of(op(UnaryOp::kIsNan), {kF16}), Types{kBool});
}

TEST(Unary, C1OneInput) { EXPECT_VIOLATION(types_of(op(UnaryOp::kExp), {kF32, kF32}), "1 input expected, got 2"); }
TEST(Unary, C2NotTakesBool) { EXPECT_VIOLATION(types_of(op(UnaryOp::kNot), {kI32}), "NOT has to be bool, not int32"); }
TEST(Unary, C3SignedNumbers) {
  EXPECT_VIOLATION(types_of(op(UnaryOp::kNeg), {kBool}), "not bool");
  EXPECT_VIOLATION(types_of(op(UnaryOp::kAbs), {kU8}), "not uint8");
}
TEST(Unary, C4TestsTakeFloats) { EXPECT_VIOLATION(types_of(op(UnaryOp::kIsInf), {kI32}), "not int32"); }
TEST(Unary, C5FunctionsTakeFloats) {
  EXPECT_VIOLATION(types_of(op(UnaryOp::kExp), {kI64}), "not int64");
  EXPECT_VIOLATION(types_of(op(UnaryOp::kRound), {kBool}), "not bool");
}

TEST(Unary, KeepsTheShape) {
  EXPECT_EQ(shape_of(op(UnaryOp::kExp), {Shape{0, kX, 3}}), (Shape{0, kX, 3}));
  EXPECT_EQ(shape_of(op(UnaryOp::kExp), {Shape{}}), Shape{});
}

TEST(Unary, FoldsIntegers) {
  const auto abs = fold_of(op(UnaryOp::kAbs), {without(ints({-3, 4, -5}), 1)});
  EXPECT_EQ(abs->elements[0].i, 3);
  EXPECT_FALSE(abs->elements[1].known);
  EXPECT_EQ(fold_of(op(UnaryOp::kSign), {ints({-3, 0, 9})})->as_lengths(), (std::vector<int64_t>{-1, 0, 1}));
  constexpr int64_t low32 = std::numeric_limits<int32_t>::min();
  EXPECT_EQ(fold_of(op(UnaryOp::kNeg), {ints({low32}, kI32)})->elements[0].i, low32);
  EXPECT_EQ(fold_of(op(UnaryOp::kNot), {ints({0, 1}, kBool)})->as_lengths(), (std::vector<int64_t>{1, 0}));
}

TEST(Unary, FoldsFloats) {
  EXPECT_EQ(fold_of(op(UnaryOp::kRound), {floats({0.5, 1.5, -2.5})})->as_lengths(), (std::vector<int64_t>{0, 2, -2}));
  EXPECT_EQ(fold_of(op(UnaryOp::kCeil), {floats({1.2})})->elements[0].f, 2);
  EXPECT_FLOAT_EQ(fold_of(op(UnaryOp::kExp), {floats({1})})->elements[0].f, std::exp(1.0f));
  const double inf = std::numeric_limits<double>::infinity();
  EXPECT_EQ(fold_of(op(UnaryOp::kIsInf), {floats({inf, 1})})->as_lengths(), (std::vector<int64_t>{1, 0}));
  EXPECT_EQ(fold_of(op(UnaryOp::kIsNan), {floats({std::nan(""), 1})})->as_lengths(), (std::vector<int64_t>{1, 0}));
  EXPECT_EQ(fold_of(op(UnaryOp::kRecip), {floats({0})})->elements[0].f, inf);
}

TEST(Unary, HalfHasNoValueOnTheHost) { EXPECT_FALSE(fold_of(op(UnaryOp::kExp), {In(Shape{1}, kF16)})); }

}  // namespace
}  // namespace torchtrt::engine::testing

// ElementWise: types by family, broadcasting, and arithmetic on the host.
#include "core/engine/layers/elementwise.h"

#include <cmath>
#include <limits>

#include "tests/core/engine/layers/layer_rules.h"

namespace torchtrt::engine::testing {
namespace {

constexpr ElementWise op(ElementWiseOp which) { return ElementWise{which}; }
constexpr auto kSum = op(ElementWiseOp::kSum);

TEST(ElementWise, TypesFollowTheFamily) {
  for (const DType type : {kF32, kF16, kBF16, kI32, kI64, kI8}) {
    EXPECT_EQ(types_of(kSum, {type, type}), Types{type});
    EXPECT_EQ(types_of(op(ElementWiseOp::kPow), {type, type}), Types{type});
  }
  EXPECT_EQ(types_of(op(ElementWiseOp::kXor), {kBool, kBool}), Types{kBool});
  EXPECT_EQ(types_of(op(ElementWiseOp::kLess), {kI64, kI64}), Types{kBool});
  EXPECT_EQ(types_of(op(ElementWiseOp::kEqual), {kBool, kBool}), Types{kBool});
}

TEST(ElementWise, C1TwoInputs) {
  EXPECT_VIOLATION(types_of(kSum, {kF32}), "2 inputs expected, got 1");
  EXPECT_VIOLATION(types_of(kSum, {kF32, DType::kNone}), "input 1 is missing");
}
TEST(ElementWise, C2OneType) {
  EXPECT_VIOLATION(types_of(kSum, {kF32, kBF16}), "both operands need one type: float32 and bfloat16");
}
TEST(ElementWise, C3ArithmeticTakesNumbers) {
  EXPECT_VIOLATION(types_of(kSum, {kBool, kBool}), "arithmetic has to be");
  EXPECT_VIOLATION(types_of(op(ElementWiseOp::kFloorDiv), {kU8, kU8}), "not uint8");
}
TEST(ElementWise, C4LogicTakesBool) {
  EXPECT_VIOLATION(types_of(op(ElementWiseOp::kAnd), {kI32, kI32}), "has to be bool, not int32");
}
TEST(ElementWise, C5ComparisonsTakeNumbers) {
  EXPECT_VIOLATION(types_of(op(ElementWiseOp::kGreater), {kBool, kBool}), "comparison has to be");
  EXPECT_VIOLATION(types_of(op(ElementWiseOp::kEqual), {kI8, kI8}), "comparison has to be");
}
TEST(ElementWise, C6EqualRanks) {
  EXPECT_VIOLATION(shape_of(kSum, {Shape{2, 3}, Shape{3}}), "equal ranks: [2, 3] and [3]");
}
TEST(ElementWise, C7Broadcast) {
  EXPECT_VIOLATION(shape_of(kSum, {Shape{2, 3}, Shape{2, 4}}), "do not broadcast: axis 1 has lengths 3 and 4");
}

TEST(ElementWise, ShapesBroadcast) {
  EXPECT_EQ(shape_of(kSum, {Shape{}, Shape{}}), Shape{});
  EXPECT_EQ(shape_of(kSum, {Shape{2, 1}, Shape{1, 3}}), (Shape{2, 3}));
  EXPECT_EQ(shape_of(kSum, {Shape{0, 4}, Shape{1, 1}}), (Shape{0, 4}));
  EXPECT_EQ(shape_of(kSum, {Shape{kX, kX, kX}, Shape{1, 5, kX}}), (Shape{kX, 5, kX}));
}

std::vector<int64_t> folded(ElementWiseOp which, const HostValue& a, const HostValue& b) {
  return fold_of(op(which), {a, b})->as_lengths();
}

TEST(ElementWise, FoldsIntegers) {
  const HostValue a = ints({7, -7, 7, -7}), b = ints({2, 2, -2, -2});
  EXPECT_EQ(folded(ElementWiseOp::kSum, a, b), (std::vector<int64_t>{9, -5, 5, -9}));
  EXPECT_EQ(folded(ElementWiseOp::kSub, a, b), (std::vector<int64_t>{5, -9, 9, -5}));
  EXPECT_EQ(folded(ElementWiseOp::kProd, a, b), (std::vector<int64_t>{14, -14, -14, 14}));
  EXPECT_EQ(folded(ElementWiseOp::kDiv, a, b), (std::vector<int64_t>{3, -3, -3, 3}));
  EXPECT_EQ(folded(ElementWiseOp::kFloorDiv, a, b), (std::vector<int64_t>{3, -4, -4, 3}));
  EXPECT_EQ(folded(ElementWiseOp::kMax, a, b), (std::vector<int64_t>{7, 2, 7, -2}));
  EXPECT_EQ(folded(ElementWiseOp::kMin, a, b), (std::vector<int64_t>{2, -7, -2, -7}));
  EXPECT_EQ(folded(ElementWiseOp::kGreater, a, b), (std::vector<int64_t>{1, 0, 1, 0}));
  EXPECT_EQ(folded(ElementWiseOp::kLess, a, b), (std::vector<int64_t>{0, 1, 0, 1}));
  EXPECT_EQ(folded(ElementWiseOp::kPow, ints({2, -2, -1, 5}), ints({10, 3, -3, -1})),
            (std::vector<int64_t>{1024, -8, -1, 0}));
}

TEST(ElementWise, DivisionByZeroGivesZero) {
  EXPECT_EQ(folded(ElementWiseOp::kDiv, ints({7, 0}), ints({0, 0})), (std::vector<int64_t>{0, 0}));
  EXPECT_EQ(folded(ElementWiseOp::kFloorDiv, ints({-7, 0}), ints({0, 0})), (std::vector<int64_t>{0, 0}));
}

TEST(ElementWise, IntegersWrap) {
  constexpr int64_t low = std::numeric_limits<int64_t>::min(), low32 = std::numeric_limits<int32_t>::min();
  EXPECT_EQ(fold_of(op(ElementWiseOp::kDiv), {ints({low}), ints({-1})})->elements[0].i, low);
  EXPECT_EQ(fold_of(op(ElementWiseOp::kFloorDiv), {ints({low}), ints({-1})})->elements[0].i, low);
  EXPECT_EQ(fold_of(op(ElementWiseOp::kSub), {ints({low32}, kI32), ints({1}, kI32)})->elements[0].i, 2147483647);
  EXPECT_EQ(fold_of(op(ElementWiseOp::kProd), {ints({1 << 30}, kI32), ints({4}, kI32)})->elements[0].i, 0);
}

TEST(ElementWise, FoldsWhatIsKnown) {
  const HostValue partly = without(ints({2, 3}), 0);
  const auto sum = fold_of(kSum, {partly, ints({1})});
  EXPECT_FALSE(sum->elements[0].known);
  EXPECT_EQ(sum->elements[1].i, 4);
  EXPECT_TRUE(fold_of(op(ElementWiseOp::kProd), {partly, ints({0})})->is_known());
  const HostValue truth = without(ints({1, 1}, kBool), 0);
  EXPECT_TRUE(fold_of(op(ElementWiseOp::kOr), {truth, ints({1}, kBool)})->is_known());
  EXPECT_TRUE(fold_of(op(ElementWiseOp::kAnd), {truth, ints({0}, kBool)})->is_known());
  EXPECT_FALSE(fold_of(kSum, {partly, In(Shape{2}, kI64)}));
}

TEST(ElementWise, FoldsFloatsInFloat32) {
  const auto sum = fold_of(kSum, {floats({16777216}), floats({1})});
  EXPECT_EQ(sum->elements[0].f, 16777216);
  const HostValue nan = floats({std::nan("")});
  EXPECT_TRUE(std::isnan(fold_of(op(ElementWiseOp::kMax), {nan, floats({1})})->elements[0].f));
  EXPECT_EQ(fold_of(op(ElementWiseOp::kEqual), {nan, nan})->elements[0].i, 0);
  EXPECT_EQ(fold_of(op(ElementWiseOp::kFloorDiv), {floats({-7}), floats({2})})->elements[0].f, -4);
}

TEST(ElementWise, FoldsBroadcast) {
  const auto sum = fold_of(kSum, {shaped(ints({10, 20}), {2, 1}), shaped(ints({1, 2, 3}), {1, 3})});
  std::vector<int64_t> got;
  for (const HostScalar& e : sum->elements) got.push_back(e.i);
  EXPECT_EQ(got, (std::vector<int64_t>{11, 12, 13, 21, 22, 23}));
}

}  // namespace
}  // namespace torchtrt::engine::testing

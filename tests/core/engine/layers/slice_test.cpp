// Slice: modes, unknown parameters, one test per constraint, kernel against fold.
#include "core/engine/layers/slice.h"

#include "tests/core/engine/layers/layer_case.h"

namespace torchtrt::engine {
namespace {

using namespace layer_case;
using List = std::vector<int64_t>;

Slice slice(List start, List size, List stride, SampleMode mode = SampleMode::kStrictBounds) {
  return {std::move(start), std::move(size), std::move(stride), std::nullopt, mode};
}

std::vector<Number> row(SampleMode mode, int64_t start, int64_t size, int64_t stride) {
  const Slice op = slice({start}, {size}, {stride}, mode);
  expect_kernel_equals_fold(op, {numbers({10, 11, 12})});
  return fold_of(op, {numbers({10, 11, 12})});
}

TEST(Slice, ModesReadOutside) {
  using V = std::vector<Number>;
  EXPECT_EQ(row(SampleMode::kStrictBounds, 2, 3, -1), (V{12, 11, 10}));
  EXPECT_EQ(row(SampleMode::kStrictBounds, 1, 4, 0), (V{11, 11, 11, 11}));
  EXPECT_EQ(row(SampleMode::kStrictBounds, 9, 0, 1), V{});
  EXPECT_EQ(row(SampleMode::kWrap, -1, 5, 1), (V{12, 10, 11, 12, 10}));
  EXPECT_EQ(row(SampleMode::kClamp, -2, 6, 1), (V{10, 10, 10, 11, 12, 12}));
  EXPECT_EQ(row(SampleMode::kFill, -1, 5, 1), (V{0, 10, 11, 12, 0}));
  EXPECT_EQ(row(SampleMode::kFill, 4, 6, -1), (V{0, 0, 12, 11, 10, 0}));
  EXPECT_EQ(row(SampleMode::kReflect, -3, 9, 1), (V{11, 12, 11, 10, 11, 12, 11, 10, 11}));
}

TEST(Slice, ReflectRepeatsASingleElement) {
  const Slice op = slice({-2}, {4}, {1}, SampleMode::kReflect);
  EXPECT_EQ(fold_of(op, {numbers({5})}), (std::vector<Number>{5, 5, 5, 5}));
  expect_kernel_equals_fold(op, {numbers({5})});
}

TEST(Slice, AxesPassTheOthersWhole) {
  Slice op = slice({1}, {2}, {1});
  op.axes = List{-1};
  EXPECT_EQ(shape_of(op, {of({kUnknown, 3})}), (Shape{kUnknown, 2}));
  expect_kernel_equals_fold(op, {value({1, 2, 3, 4, 5, 6}, {2, 3})});
  EXPECT_EQ(shape_of(slice({1}, {2}, {1}), {of({4, 3}), absent(), absent(), absent(), absent(), numbers({0})}),
            (Shape{2, 3}));
}

TEST(Slice, SizesMayBeUnknown) {
  const Slice op = slice({0, 0}, {}, {1, 1});
  EXPECT_EQ(shape_of(op, {of({4, 4}), absent(), numbers({std::nullopt, 2})}), (Shape{kUnknown, 2}));
  EXPECT_EQ(shape_of(op, {of({4, 4}), absent(), of({2}, DType::kInt32)}), (Shape{kUnknown, kUnknown}));
  const Args unknown_axes{of({4, 4}), absent(), absent(), absent(), absent(), of({1}, DType::kInt32)};
  EXPECT_EQ(shape_of(slice({0}, {1}, {1}), unknown_axes), (Shape{kUnknown, kUnknown}));
}

TEST(Slice, FoldKeepsUnknownElements) {
  using V = std::vector<Number>;
  EXPECT_EQ(fold_of(slice({1}, {2}, {1}), {numbers({1, std::nullopt, 3})}), (V{std::nullopt, 3}));
  EXPECT_EQ(fold_of(slice({}, {1}, {1}), {numbers({1, 2}), numbers({std::nullopt})}), (V{std::nullopt}));
  const Slice fill = slice({1}, {3}, {1}, SampleMode::kFill);
  EXPECT_EQ(fold_of(fill, {numbers({1, 2}), absent(), absent(), absent(), number(9)}), (V{2, 9, 9}));
  EXPECT_FALSE(folds(slice({0}, {1}, {1}), {of({1}, DType::kInt64)}));
}

TEST(Slice, C1C2C3Types) {
  EXPECT_VIOLATION(type_of(Slice{}, {DType::kUInt8}), "uint8");
  EXPECT_VIOLATION(type_of(Slice{}, {DType::kFloat32, DType::kFloat32}), "start");
  EXPECT_VIOLATION(type_of(Slice{}, {DType::kFloat32, DType::kNone, DType::kBool}), "size");
  const DType none = DType::kNone;
  EXPECT_VIOLATION(type_of(Slice{}, {DType::kFloat32, none, none, none, DType::kFloat16}), "fill value");
  EXPECT_EQ(type_of(Slice{}, {DType::kBool, none, none, none, DType::kBool, DType::kInt32}), DType::kBool);
}

TEST(Slice, C4FillValue) {
  const Args scalar{of({2}), absent(), absent(), absent(), of({})};
  EXPECT_VIOLATION(shape_of(slice({0}, {1}, {1}), scalar), "needs mode FILL");
  const Args vector{of({2}), absent(), absent(), absent(), of({1})};
  EXPECT_VIOLATION(shape_of(slice({0}, {1}, {1}, SampleMode::kFill), vector), "scalar");
}

TEST(Slice, C5ParametersHaveOneKnownAxis) {
  EXPECT_VIOLATION(shape_of(slice({0}, {1}, {1}), {of({2}), of({kUnknown}, DType::kInt32)}), "known at build time");
}

TEST(Slice, C6Counts) {
  EXPECT_VIOLATION(shape_of(slice({0}, {1, 1}, {1, 1}), {of({2, 2})}), "start has 1 numbers for 2 axes");
  EXPECT_VIOLATION(shape_of(slice({0, 0}, {1, 1}, {1}), {of({2, 2})}), "stride");
}

TEST(Slice, C7Axes) {
  Slice op = slice({0, 0}, {1, 1}, {1, 1});
  op.axes = List{0, -2};
  EXPECT_VIOLATION(shape_of(op, {of({2, 2})}), "named twice");
  op.axes = List{0, 2};
  EXPECT_VIOLATION(shape_of(op, {of({2, 2})}), "axis 2");
}

TEST(Slice, C8NegativeSize) { EXPECT_VIOLATION(shape_of(slice({0}, {-1}, {1}), {of({2})}), "negative"); }

TEST(Slice, C9StrictBounds) {
  EXPECT_VIOLATION(shape_of(slice({1}, {2}, {1}), {of({2})}), "STRICT_BOUNDS");
  EXPECT_VIOLATION(shape_of(slice({-1}, {1}, {1}), {of({kUnknown})}), "STRICT_BOUNDS");
  EXPECT_VIOLATION(shape_of(slice({1}, {3}, {-1}), {of({kUnknown})}), "STRICT_BOUNDS");
  EXPECT_EQ(shape_of(slice({5}, {2}, {1}), {of({kUnknown})}), Shape{2});
}

TEST(Slice, C10EmptyAxis) {
  for (const SampleMode mode : {SampleMode::kWrap, SampleMode::kClamp, SampleMode::kReflect})
    EXPECT_VIOLATION(shape_of(slice({0}, {1}, {1}, mode), {of({0})}), "empty axis");
  EXPECT_EQ(shape_of(slice({0}, {2}, {1}, SampleMode::kFill), {of({0})}), Shape{2});
  expect_kernel_equals_fold(slice({0}, {2}, {1}, SampleMode::kFill), {numbers({})});
}

TEST(Slice, KernelEqualsFold) {
  Dice dice(3);
  for (int i = 0; i < 500; ++i) {
    const int rank = static_cast<int>(dice.between(0, 3));
    const auto mode = static_cast<SampleMode>(dice.between(1, 4));
    const Shape shape = dice.shape(rank, mode == SampleMode::kFill ? 0 : 1, 4);
    Slice op = slice({}, {}, {}, mode);
    for (int axis = 0; axis < rank; ++axis) {
      op.start.push_back(dice.between(-9, 9));
      op.size.push_back(dice.between(0, 6));
      op.stride.push_back(dice.between(-3, 3));
    }
    expect_kernel_equals_fold(op, {dice.filled(shape, -9, 9, dice.coin() ? DType::kFloat32 : DType::kInt32)});
  }
}

TEST(Slice, ViewsWhereTheStridesAllowIt) {
  const at::Tensor x = at::arange(24, at::kFloat).reshape({4, 6});
  const at::Tensor y = run_kernel(slice({1, 0}, {2, 3}, {1, 2}), {of({4, 6})}, {x}).at(0);
  EXPECT_EQ(y.storage().data(), x.storage().data());
  const at::Tensor wide = run_kernel(slice({0, 0}, {4, 5}, {1, 0}), {of({4, 6})}, {x}).at(0);
  EXPECT_EQ(wide.stride(1), 0);
}

}  // namespace
}  // namespace torchtrt::engine

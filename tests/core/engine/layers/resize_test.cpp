// Resize and Padding: one test per constraint, single values worked out by hand.
#include "core/engine/layers/resize.h"

#include "core/engine/layers/padding.h"
#include "tests/core/engine/layers/layer_case.h"

namespace torchtrt::engine {
namespace {

using namespace layer_case;
using enum CoordinateTransformation;

Resize to(std::vector<int64_t> dims, InterpolationMode mode = InterpolationMode::kNearest) {
  Resize op;
  op.output_dims = std::move(dims);
  op.mode = mode;
  return op;
}

at::Tensor row(Resize op, std::vector<float> x) {
  const auto length = static_cast<int64_t>(x.size());
  return run_kernel(op, {of(Shape{length})}, {at::tensor(x)}).at(0);
}

void expect_row(const Resize& op, std::vector<float> x, std::vector<float> y) {
  const at::Tensor got = row(op, x);
  EXPECT_TRUE(at::allclose(got, at::tensor(y))) << got;
}

TEST(Resize, Shapes) {
  EXPECT_EQ(shape_of(to({1, 2, 6, 6}), {of({1, 2, kUnknown, 3})}), (Shape{1, 2, 6, 6}));
  EXPECT_EQ(shape_of(Resize{}, {of({1, 3}), numbers({std::nullopt, 6})}), (Shape{kUnknown, 6}));
  EXPECT_EQ(shape_of(to({}, InterpolationMode::kCubic), {of({5, 1, 3}), of({3}, DType::kInt32)}),
            (Shape{5, kUnknown, kUnknown}));
  Resize scaled;
  scaled.scales = {1, static_cast<double>(0.7f), 2.5};
  EXPECT_EQ(shape_of(scaled, {of({kUnknown, 10, 3})}), (Shape{kUnknown, 7, 7}));
}

TEST(Resize, NearestRounding) {
  Resize op = to({2});
  op.coordinates = kHalfPixel;  // 0.5, 2.5
  const std::vector<float> x{0, 1, 2, 3};
  op.rounding = RoundMode::kHalfUp;
  expect_row(op, x, {1, 3});
  op.rounding = RoundMode::kHalfDown;
  expect_row(op, x, {0, 2});
  op.rounding = RoundMode::kFloor;
  expect_row(op, x, {0, 2});
  op.rounding = RoundMode::kCeil;
  expect_row(op, x, {1, 3});
}

TEST(Resize, Coordinates) {
  Resize op = to({4}, InterpolationMode::kLinear);
  op.coordinates = kAlignCorners;
  expect_row(op, {0, 3}, {0, 1, 2, 3});
  op.coordinates = kAsymmetric;
  expect_row(op, {0, 2}, {0, 1, 2, 2});
  op.coordinates = kHalfPixel;
  expect_row(op, {0, 4}, {0, 1, 3, 4});
}

TEST(Resize, ScalesGiveTheRatio) {
  Resize op;
  op.mode = InterpolationMode::kLinear;
  op.scales = {2.5};  // length 5: coordinates o / 2.5
  expect_row(op, {0, 5}, {0, 2, 4, 5, 5});
}

TEST(Resize, SelectorOfASinglePixel) {
  Resize op = to({1});
  op.coordinates = kHalfPixel;
  expect_row(op, {0, 1, 2, 3, 4}, {2});
  op.selector = ResizeSelector::kUpper;
  expect_row(op, {0, 1, 2, 3, 4}, {0});
  op.selector = ResizeSelector::kFormula;
  op.coordinates = kAlignCorners;
  expect_row(op, {0, 1, 2, 3, 4}, {0});
}

TEST(Resize, CubicTapsOutside) {
  // At coordinate 0.5 of [0, 1]: weights -0.09375, 0.59375, 0.59375, -0.09375 for A = -0.75.
  Resize op = to({1, 1}, InterpolationMode::kCubic);
  op.coordinates = kHalfPixel;
  const at::Tensor x = at::tensor({1.f, 3.f}).reshape({1, 2});
  EXPECT_TRUE(at::allclose(run_kernel(op, {of({1, 2})}, {x})[0], at::tensor({2.f})));
  op.exclude_outside = true;
  EXPECT_TRUE(at::allclose(run_kernel(op, {of({1, 2})}, {x})[0], at::tensor({2.f})));
  Resize wide = to({1, 4}, InterpolationMode::kCubic);  // asymmetric: 0, 0.5, 1, 1.5
  const at::Tensor clamped = run_kernel(wide, {of({1, 2})}, {x})[0];
  EXPECT_TRUE(at::allclose(clamped, at::tensor({1.f, 2.f, 3.f, 3.1875f}).reshape({1, 4}))) << clamped;
  wide.exclude_outside = true;  // the last: (-0.09375 * 1 + 0.59375 * 3) / 0.5
  const at::Tensor excluded = run_kernel(wide, {of({1, 2})}, {x})[0];
  EXPECT_TRUE(at::allclose(excluded, at::tensor({1.f, 2.f, 3.f, 3.375f}).reshape({1, 4}))) << excluded;
}

TEST(Resize, IntegersRoundAndSaturate) {
  const at::Tensor x = at::tensor({-128, 127}, at::kInt).to(at::kChar);
  Resize op = to({4}, InterpolationMode::kLinear);
  op.coordinates = kAlignCorners;  // -128, -43, 42, 127
  const at::Tensor y = run_kernel(op, {of({2}, DType::kInt8)}, {x})[0];
  EXPECT_TRUE(at::equal(y.to(at::kInt), at::tensor({-128, -43, 42, 127}, at::kInt))) << y;
}

// The fast paths and the taps are two evaluations of one definition; six axes have no fast path.
TEST(Resize, FastPathsEqualTaps) {
  Dice dice(9);
  for (int i = 0; i < 120; ++i) {
    const int rank = static_cast<int>(dice.between(3, 5));
    Shape shape = dice.shape(rank, 1, 5);
    Resize op = to({shape[0], shape[1]}, static_cast<InterpolationMode>(dice.between(0, rank == 4 ? 2 : 1)));
    const bool nearest = op.mode == InterpolationMode::kNearest;
    op.coordinates = nearest || dice.coin() ? kHalfPixel : kAlignCorners;
    op.rounding = RoundMode::kHalfUp;
    for (int axis = 2; axis < rank; ++axis) op.output_dims->push_back(dice.between(1, 6));
    const at::Tensor x = at::rand(at::IntArrayRef(shape.begin(), shape.end()));
    const at::Tensor fast = run_kernel(op, {of(shape)}, {x})[0];
    while (shape.rank() < 6) {
      shape.insert(0, 1);
      op.output_dims->insert(op.output_dims->begin(), 1);
    }
    const at::Tensor slow = run_kernel(op, {of(shape)}, {x.reshape(at::IntArrayRef(shape.begin(), shape.end()))})[0];
    EXPECT_TRUE(at::allclose(fast, slow.reshape(fast.sizes()), 1e-4, 1e-5)) << shape;
  }
}

TEST(Resize, HalfTypesRoundOnce) {
  for (const auto mode : {InterpolationMode::kLinear, InterpolationMode::kCubic}) {
    Resize op = to({1, 2, 7, 6}, mode);
    op.coordinates = kAlignCorners;
    const at::Tensor x = at::rand({1, 2, 4, 3}).to(at::kBFloat16);
    const at::Tensor exact = run_kernel(op, {of({1, 2, 4, 3})}, {x.to(at::kFloat)})[0];
    const at::Tensor got = run_kernel(op, {of({1, 2, 4, 3}, DType::kBFloat16)}, {x})[0];
    EXPECT_TRUE(at::equal(got, exact.to(at::kBFloat16)));
  }
}

TEST(Resize, EmptyBatch) {
  EXPECT_EQ(run_kernel(to({0, 3, 4}), {of({0, 3, 2})}, {at::empty({0, 3, 2})})[0].size(2), 4);
}

TEST(Resize, C1Types) {
  EXPECT_VIOLATION(type_of(to({1}), {DType::kBool}), "got bool");
  EXPECT_VIOLATION(type_of(to({1}, InterpolationMode::kLinear), {DType::kInt32}), "got int32");
}

TEST(Resize, C2Dims) { EXPECT_VIOLATION(type_of(Resize{}, {DType::kFloat32, DType::kFloat32}), "output dims"); }

TEST(Resize, C3Scalar) { EXPECT_VIOLATION(shape_of(to({}), {of({})}), "at least one axis"); }

TEST(Resize, C4LengthsFromOnePlace) {
  EXPECT_VIOLATION(shape_of(Resize{}, {of({2})}), "got none");
  Resize op = to({4});
  op.scales = {2};
  EXPECT_VIOLATION(shape_of(op, {of({2})}), "got both");
}

TEST(Resize, C5Counts) {
  EXPECT_VIOLATION(shape_of(to({4}), {of({2, 2})}), "1 output dims");
  Resize op;
  op.scales = {2};
  EXPECT_VIOLATION(shape_of(op, {of({2, 2})}), "1 scales");
}

TEST(Resize, C6Signs) {
  EXPECT_VIOLATION(shape_of(to({-4}), {of({2})}), "negative");
  EXPECT_VIOLATION(shape_of(Resize{}, {of({2}), numbers({-1})}), "negative");
  Resize op;
  op.scales = {0};
  EXPECT_VIOLATION(shape_of(op, {of({2})}), "not positive");
}

TEST(Resize, C7LeadingAxes) {
  EXPECT_VIOLATION(shape_of(to({2, 1, 1, 1}, InterpolationMode::kLinear), {of({1, 1, 1, 1})}), "last 3");
  EXPECT_VIOLATION(shape_of(to({2, 1, 1}, InterpolationMode::kCubic), {of({1, 1, 1})}), "last 2");
}

TEST(Resize, C8EmptyAxis) { EXPECT_VIOLATION(shape_of(to({2}), {of({0})}), "empty axis"); }

TEST(Padding, PadsAndCrops) {
  const Padding op{{1, -1}, {0, 2}};
  EXPECT_EQ(shape_of(op, {of({kUnknown, 2, 2})}), (Shape{kUnknown, 3, 3}));
  const at::Tensor x = at::tensor({1.f, 2.f, 3.f, 4.f}).reshape({2, 2});
  const at::Tensor y = run_kernel(op, {of({2, 2})}, {x})[0];
  EXPECT_TRUE(at::equal(y, at::tensor({0.f, 0.f, 0.f, 2.f, 0.f, 0.f, 4.f, 0.f, 0.f}).reshape({3, 3}))) << y;
  const Padding far{{-3, 0}, {5, 0}};
  EXPECT_TRUE(at::equal(run_kernel(far, {of({2, 2})}, {x})[0], at::zeros({4, 2})));
  EXPECT_EQ(run_kernel(Padding{{0, 1}, {0, 1}}, {of({2, 0})}, {at::empty({2, 0})})[0].numel(), 4);
}

TEST(Padding, C1Types) { EXPECT_VIOLATION(type_of(Padding{{0, 0}, {0, 0}}, {DType::kBool}), "got bool"); }
TEST(Padding, C2Counts) { EXPECT_VIOLATION(shape_of(Padding{{0}, {0, 0}}, {of({2, 2})}), "two paddings"); }
TEST(Padding, C3Rank) { EXPECT_VIOLATION(shape_of(Padding{{0, 0}, {0, 0}}, {of({2})}), "two axes"); }
TEST(Padding, C4Length) { EXPECT_VIOLATION(shape_of(Padding{{-2, 0}, {-1, 0}}, {of({2, 2})}), "length -1"); }

}  // namespace
}  // namespace torchtrt::engine

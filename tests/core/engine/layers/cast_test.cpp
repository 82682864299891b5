// Cast and Identity: types, and conversions on the host.
#include "core/engine/layers/cast.h"

#include <cmath>
#include <limits>

#include "core/engine/layers/identity.h"
#include "tests/core/engine/layers/layer_rules.h"

namespace torchtrt::engine::testing {
namespace {

constexpr DType kCastable[] = {kF32, kF16, kBF16, kI8, kI32, kI64, kBool, kU8};

TEST(Cast, TakesEveryPair) {
  for (const DType from : kCastable)
    for (const DType to : kCastable) EXPECT_EQ(types_of(Cast{to}, {from}), Types{to});
}

TEST(Cast, C1OneInput) { EXPECT_VIOLATION(types_of(Cast{}, {}), "1 input expected"); }
TEST(Cast, C2InputTypes) { EXPECT_VIOLATION(types_of(Cast{kF32}, {DType::kFloat8}), "the input of a cast has to be"); }
TEST(Cast, C3ResultTypes) {
  EXPECT_VIOLATION(types_of(Cast{DType::kInt4}, {kF32}), "the result of a cast has to be");
  EXPECT_VIOLATION(types_of(Cast{DType::kFloat64}, {kF32}), "not float64");
}

TEST(Cast, KeepsTheShape) { EXPECT_EQ(shape_of(Cast{kI32}, {Shape{kX, 2}}), (Shape{kX, 2})); }

TEST(Cast, FloatsTruncateAndSaturate) {
  const double inf = std::numeric_limits<double>::infinity();
  const auto ints32 = fold_of(Cast{kI32}, {floats({1.9, -1.9, 1e10, -inf, std::nan("")})});
  EXPECT_EQ(ints32->elements[0].i, 1);
  EXPECT_EQ(ints32->elements[1].i, -1);
  EXPECT_EQ(ints32->elements[2].i, std::numeric_limits<int32_t>::max());
  EXPECT_EQ(ints32->elements[3].i, std::numeric_limits<int32_t>::min());
  EXPECT_EQ(ints32->elements[4].i, 0);
  EXPECT_EQ(fold_of(Cast{kI64}, {floats({inf})})->elements[0].i, std::numeric_limits<int64_t>::max());
}

TEST(Cast, IntegersKeepLowBits) {
  EXPECT_EQ(fold_of(Cast{kI32}, {ints({(int64_t{1} << 32) + 5})})->elements[0].i, 5);
  EXPECT_EQ(fold_of(Cast{kI32}, {ints({(int64_t{1} << 31)})})->elements[0].i, std::numeric_limits<int32_t>::min());
}

TEST(Cast, ToBoolIsNonzero) {
  EXPECT_EQ(fold_of(Cast{kBool}, {ints({0, 2, -1})})->as_lengths(), (std::vector<int64_t>{0, 1, 1}));
  EXPECT_EQ(fold_of(Cast{kBool}, {floats({0.25, std::nan("")})})->as_lengths(), (std::vector<int64_t>{1, 1}));
}

TEST(Cast, IntegersRoundToFloat) { EXPECT_EQ(fold_of(Cast{kF32}, {ints({16777217})})->elements[0].f, 16777216); }

TEST(Cast, UnknownStaysUnknown) {
  EXPECT_FALSE(fold_of(Cast{kI32}, {without(ints({1}), 0)})->elements[0].known);
  EXPECT_FALSE(fold_of(Cast{kF16}, {ints({1})}));
}

TEST(Identity, C1OneInput) { EXPECT_VIOLATION(types_of(Identity{}, {kF32, kF32}), "1 input expected"); }
TEST(Identity, C2TypesOfCast) {
  EXPECT_VIOLATION(types_of(Identity{DType::kInt4}, {kF32}), "the result of a cast has to be");
}
TEST(Identity, KeepsEverything) {
  EXPECT_EQ(types_of(Identity{}, {DType::kFloat8}), Types{DType::kFloat8});
  EXPECT_EQ(types_of(Identity{kF16}, {kF32}), Types{kF16});
  EXPECT_EQ(shape_of(Identity{}, {Shape{kX}}), Shape{kX});
  EXPECT_EQ(*fold_of(Identity{}, {without(ints({1, 2}), 1)}), without(ints({1, 2}), 1));
  EXPECT_EQ(fold_of(Identity{kI32}, {ints({7})})->dtype, kI32);
}

}  // namespace
}  // namespace torchtrt::engine::testing

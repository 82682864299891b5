// Shape arithmetic and host values.
#include "core/engine/shape/shape.h"

#include <gtest/gtest.h>

#include "core/engine/shape/host_value.h"
#include "core/util/error.h"

namespace torchtrt::engine {
namespace {

TEST(Shape, HoldsUpToEightLengths) {
  EXPECT_EQ(Shape::filled(8, 2).volume(), 256);
  EXPECT_THROW(Shape({1, 2, 3, 4, 5, 6, 7, 8, 9}), Error);
  Shape shape = Shape::filled(8, 1);
  EXPECT_THROW(shape.push_back(1), Error);
}

TEST(Shape, ScalarHasVolumeOne) {
  EXPECT_EQ(Shape().rank(), 0);
  EXPECT_EQ(Shape().volume(), 1);
  EXPECT_TRUE(Shape().is_known());
}

TEST(Shape, InvalidIsNotAScalar) {
  EXPECT_FALSE(Shape::invalid().is_valid());
  EXPECT_FALSE(Shape::invalid() == Shape());
  EXPECT_TRUE(Shape::invalid().lengths().empty());
}

TEST(Shape, ZeroBeatsUnknownInTheVolume) {
  EXPECT_EQ((Shape{kUnknown, 0}).volume(), 0);
  EXPECT_EQ((Shape{kUnknown, 3}).volume(), kUnknown);
}

TEST(Shape, VolumeOverflowIsAnError) {
  EXPECT_THROW((Shape{1LL << 40, 1LL << 40}).volume(), Error);
  EXPECT_EQ((Shape{1LL << 40, 1LL << 40, 0}).volume(), 0);
}

TEST(Shape, InsertAndErase) {
  Shape shape{2, 3};
  shape.insert(1, 7);
  EXPECT_EQ(shape, (Shape{2, 7, 3}));
  shape.erase(0);
  EXPECT_EQ(shape, (Shape{7, 3}));
  EXPECT_THROW(shape.erase(2), Error);
  EXPECT_THROW(shape.insert(3, 1), Error);
}

TEST(Shape, BroadcastIsNotTheMaximum) {
  EXPECT_EQ(broadcast(1, 0), 0);
  EXPECT_EQ(broadcast(0, 1), 0);
  EXPECT_EQ(broadcast(4, 1), 4);
  EXPECT_THROW(broadcast(2, 3), Error);
  EXPECT_THROW(broadcast(0, 2), Error);
}

TEST(Shape, BroadcastOfUnknownLengths) {
  EXPECT_EQ(broadcast(kUnknown, 5), 5);
  EXPECT_EQ(broadcast(1, kUnknown), kUnknown);
  EXPECT_EQ(broadcast(kUnknown, kUnknown), kUnknown);
  EXPECT_EQ(broadcast(Shape{kUnknown, 1, 3}, Shape{2, 4, 1}), (Shape{2, 4, 3}));
  EXPECT_THROW(broadcast(Shape{2}, Shape{1, 2}), Error);
}

TEST(Shape, UnifyPrefersTheKnownLength) {
  EXPECT_EQ(unify(kUnknown, 3), 3);
  EXPECT_EQ(unify(3, kUnknown), 3);
  EXPECT_THROW(unify(2, 3), Error);
}

TEST(HostValue, LengthsOfPartlyKnownElements) {
  HostValue value{DType::kInt64, Shape{2}, {HostScalar::of(int64_t{4}), HostScalar::unknown()}};
  EXPECT_FALSE(value.is_known());
  EXPECT_EQ(value.as_lengths(), (std::vector<int64_t>{4, kUnknown}));
  EXPECT_EQ(join(value), "int64[2] {4, ?}");
}

TEST(HostValue, EqualityLooksAtTypeShapeAndElements) {
  const HostValue one{DType::kInt64, Shape{}, {HostScalar::of(int64_t{1})}};
  HostValue other = one;
  EXPECT_EQ(one, other);
  other.dtype = DType::kInt32;
  EXPECT_FALSE(one == other);
  EXPECT_FALSE(HostScalar::of(int64_t{1}) == HostScalar::of(1.0));
  EXPECT_FALSE(HostScalar::of(int64_t{0}) == HostScalar::unknown());
}

}  // namespace
}  // namespace torchtrt::engine

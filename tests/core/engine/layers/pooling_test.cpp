// Pooling: shapes, constraints.
#include "core/engine/layers/pooling.h"

#include "tests/core/engine/layers/layer_rules.h"

namespace torchtrt::engine::testing {
namespace {

Pooling square() {
  Pooling op;
  op.window_size = op.stride = {2, 2};
  op.pre_padding = op.post_padding = {0, 0};
  return op;
}

template <class Change>
Shape shape_with(Change change, Shape in = {1, 3, 5, 5}) {
  Pooling op = square();
  change(op);
  return shape_of(op, {in});
}

TEST(Pooling, Shapes) {
  EXPECT_EQ(shape_of(square(), {Shape{0, 3, 5, kX}}), (Shape{0, 3, 2, kX}));
  EXPECT_EQ(shape_of(square(), {Shape{3, 5, 4}}), (Shape{3, 2, 2}));
  EXPECT_EQ(shape_of(square(), {Shape{2, 3, 3, 5, 4}}), (Shape{2, 3, 3, 2, 2}));
  EXPECT_EQ(shape_with([](Pooling& op) { op.padding_mode = PaddingMode::kExplicitRoundUp; }), (Shape{1, 3, 3, 3}));
  EXPECT_EQ(types_of(square(), {kI8}), Types{kI8});
}

TEST(Pooling, C1OneInput) { EXPECT_VIOLATION(types_of(square(), {kF32, kF32}), "1 input expected"); }
TEST(Pooling, C2Types) { EXPECT_VIOLATION(types_of(square(), {kI32}), "not int32"); }
TEST(Pooling, C3Window) {
  EXPECT_VIOLATION(shape_with([](Pooling& op) { op.window_size = {2}; }), "2 or 3 axes");
  EXPECT_VIOLATION(shape_with([](Pooling& op) { op.stride = {2, 2, 2}; }), "need 2 values each");
  EXPECT_VIOLATION(shape_with([](Pooling& op) { op.stride = {0, 1}; }), "have to be positive");
  EXPECT_VIOLATION(shape_with([](Pooling& op) { op.pre_padding = {0, -1}; }), "must not be negative");
}
TEST(Pooling, C4Rank) {
  EXPECT_VIOLATION(shape_with([](Pooling&) {}, {5, 5}), "needs an input of rank 3 or more");
}
TEST(Pooling, C5OutputLengths) {
  EXPECT_VIOLATION(shape_with([](Pooling&) {}, {1, 3, 1, 5}), "gives the output length 0");
}
TEST(Pooling, C6Blend) {
  EXPECT_VIOLATION(shape_with([](Pooling& op) { op.blend_factor = 2; }), "blend factor");
}

}  // namespace
}  // namespace torchtrt::engine::testing

// Einsum: equations, shapes, constraints.
#include "core/engine/layers/einsum.h"

#include "tests/core/engine/layers/layer_rules.h"

namespace torchtrt::engine::testing {
namespace {

TEST(Einsum, ParsesEquations) {
  EXPECT_EQ(parse_equation("ij, jk -> ik").inputs, (std::vector<std::string>{"ij", "jk"}));
  EXPECT_EQ(parse_equation("ij,jk").output, "ik");
  EXPECT_EQ(parse_equation("ba").output, "ab");
  EXPECT_EQ(parse_equation("ii").output, "");
  EXPECT_EQ(parse_equation("...ij,...jk").output, ".ik");
  EXPECT_EQ(parse_equation(",i->").inputs, (std::vector<std::string>{"", "i"}));
}

TEST(Einsum, Shapes) {
  EXPECT_EQ(shape_of(Einsum{"ij,jk->ki"}, {Shape{2, 3}, Shape{3, 4}}), (Shape{4, 2}));
  EXPECT_EQ(shape_of(Einsum{"ii->i"}, {Shape{3, 3}}), Shape{3});
  EXPECT_EQ(shape_of(Einsum{"i,i->i"}, {Shape{1}, Shape{5}}), Shape{5});
  EXPECT_EQ(shape_of(Einsum{"i,i,i->"}, {Shape{5}, Shape{5}, Shape{5}}), Shape{});
  EXPECT_EQ(shape_of(Einsum{"...ij,...jk->...ik"}, {Shape{7, kX, 2, 3}, Shape{6, 3, 4}}), (Shape{7, 6, 2, 4}));
  EXPECT_EQ(shape_of(Einsum{"i...->i"}, {Shape{2, 3, 4}}), Shape{2});
  EXPECT_EQ(shape_of(Einsum{"bi,bj->bij"}, {Shape{kX, 2}, Shape{kX, 0}}), (Shape{kX, 2, 0}));
  EXPECT_EQ(shape_of(Einsum{","}, {Shape{}, Shape{}}), Shape{});
}

TEST(Einsum, C1Inputs) {
  EXPECT_VIOLATION(types_of(Einsum{""}, {}), "at least one input");
  EXPECT_VIOLATION(types_of(Einsum{"i,i"}, {kF32, DType::kNone}), "input 1 is missing");
}
TEST(Einsum, C2Types) {
  EXPECT_VIOLATION(types_of(Einsum{"i,i"}, {kF32, kF16}), "both operands need one type");
  EXPECT_VIOLATION(types_of(Einsum{"i,i,i"}, {kF32, kF32, kF16}),
                   "all operands need one type: [float32, float32, float16]");
  EXPECT_VIOLATION(types_of(Einsum{"i"}, {kBool}), "not bool");
  for (const DType type : {kF32, kF16, kBF16, kI32, kI64, kI8}) EXPECT_EQ(types_of(Einsum{"i"}, {type}), Types{type});
}
TEST(Einsum, C3Equation) {
  EXPECT_VIOLATION(parse_equation("iJ"), "'J' in the equation \"iJ\"");
  EXPECT_VIOLATION(parse_equation("i->i->i"), "labels are the letters");
  EXPECT_VIOLATION(parse_equation("...i..."), "two ellipses");
  EXPECT_VIOLATION(parse_equation("i.j"), "'.' in the equation");
}
TEST(Einsum, C4Output) {
  EXPECT_VIOLATION(parse_equation("i->ij"), "'j' of \"i->ij\" occurs in no input");
  EXPECT_VIOLATION(parse_equation("i->ii"), "is repeated");
}
TEST(Einsum, C5Terms) { EXPECT_VIOLATION(types_of(Einsum{"i,j"}, {kF32}), "has 2 terms for 1 inputs"); }
TEST(Einsum, C6Labels) {
  EXPECT_VIOLATION(shape_of(Einsum{"ij"}, {Shape{2}}), "term 0 has 2 labels, its input shape [2]");
  EXPECT_VIOLATION(shape_of(Einsum{"ij..."}, {Shape{2}}), "term 0 has 2 labels");
}
TEST(Einsum, C7Lengths) {
  EXPECT_VIOLATION(shape_of(Einsum{"i,i"}, {Shape{2}, Shape{3}}), "label 'i' has lengths 2 and 3");
  EXPECT_VIOLATION(shape_of(Einsum{"ii"}, {Shape{1, 3}}), "repeated in one term");
  EXPECT_VIOLATION(shape_of(Einsum{"...,..."}, {Shape{2}, Shape{3}}), "do not broadcast");
}
TEST(Einsum, C8Rank) {
  EXPECT_VIOLATION(shape_of(Einsum{"abcde,fghi->abcdefghi"}, {Shape::filled(5, 1), Shape::filled(4, 1)}),
                   "more than 8 axes");
}

}  // namespace
}  // namespace torchtrt::engine::testing

// Activation: types, formulas on the host.
#include "core/engine/layers/activation.h"

#include <cmath>
#include <limits>

#include "tests/core/engine/layers/layer_rules.h"

namespace torchtrt::engine::testing {
namespace {

double at(ActivationType type, float alpha, float beta, double x) {
  return fold_of(Activation{type, alpha, beta}, {floats({x})})->elements[0].f;
}

TEST(Activation, TypesPass) {
  for (const DType type : {kF32, kF16, kBF16}) {
    EXPECT_EQ(types_of(Activation{ActivationType::kTanh}, {type}), Types{type});
  }
  for (const DType type : {kI32, kI64, kI8})
    EXPECT_EQ(types_of(Activation{ActivationType::kRelu}, {type}), Types{type});
}

TEST(Activation, C1OneInput) { EXPECT_VIOLATION(types_of(Activation{}, {}), "1 input expected, got 0"); }
TEST(Activation, C2FloatsOrRelu) {
  EXPECT_VIOLATION(types_of(Activation{ActivationType::kSigmoid}, {kI32}), "not int32");
  EXPECT_VIOLATION(types_of(Activation{ActivationType::kRelu}, {kBool}), "not bool");
}
TEST(Activation, C3FiniteParameters) {
  EXPECT_VIOLATION(types_of(Activation{ActivationType::kElu, std::nanf("")}, {kF32}),
                   "alpha and beta have to be finite");
  EXPECT_VIOLATION(types_of(Activation{ActivationType::kClip, 0, std::numeric_limits<float>::infinity()}, {kF32}),
                   "finite");
}

TEST(Activation, KeepsTheShape) { EXPECT_EQ(shape_of(Activation{}, {Shape{kX, 0}}), (Shape{kX, 0})); }

TEST(Activation, Formulas) {
  EXPECT_EQ(at(ActivationType::kRelu, 0, 0, -2), 0);
  EXPECT_FLOAT_EQ(at(ActivationType::kSigmoid, 0, 0, 1), 1 / (1 + std::exp(-1.0f)));
  EXPECT_FLOAT_EQ(at(ActivationType::kTanh, 0, 0, 0.5), std::tanh(0.5f));
  EXPECT_FLOAT_EQ(at(ActivationType::kLeakyRelu, 0.1f, 0, -2), -0.2f);
  EXPECT_FLOAT_EQ(at(ActivationType::kElu, 2, 0, -1), 2 * std::expm1(-1.0f));
  EXPECT_FLOAT_EQ(at(ActivationType::kSelu, 2, 3, -1), 6 * std::expm1(-1.0f));
  EXPECT_EQ(at(ActivationType::kSelu, 2, 3, 1), 3);
  EXPECT_EQ(at(ActivationType::kSoftsign, 0, 0, -1), -0.5);
  EXPECT_FLOAT_EQ(at(ActivationType::kSoftplus, 2, 3, 0.5), 2 * std::log1p(std::exp(1.5f)));
  EXPECT_EQ(at(ActivationType::kSoftplus, 1, 1, 1e4), 1e4);
  EXPECT_EQ(at(ActivationType::kClip, -1, 1, 5), 1);
  EXPECT_EQ(at(ActivationType::kClip, 2, 1, 5), 2);
  EXPECT_FLOAT_EQ(at(ActivationType::kHardSigmoid, 0.2f, 0.5f, 1), 0.7f);
  EXPECT_FLOAT_EQ(at(ActivationType::kScaledTanh, 2, 0.5f, 1), 2 * std::tanh(0.5f));
  EXPECT_EQ(at(ActivationType::kThresholdedRelu, 1, 0, 1), 0);
  EXPECT_EQ(at(ActivationType::kThresholdedRelu, 1, 0, 2), 2);
  EXPECT_NEAR(at(ActivationType::kGeluErf, 0, 0, 1), 0.8413447, 1e-6);
  EXPECT_NEAR(at(ActivationType::kGeluTanh, 0, 0, 1), 0.8411920, 1e-6);
}

TEST(Activation, NanPasses) {
  for (int type = 0; type <= static_cast<int>(ActivationType::kGeluTanh); ++type)
    EXPECT_TRUE(std::isnan(at(static_cast<ActivationType>(type), 1, 1, std::nan("")))) << type;
}

TEST(Activation, ReluOfIntegers) {
  EXPECT_EQ(fold_of(Activation{}, {ints({-1, 2}, kI32)})->as_lengths(), (std::vector<int64_t>{0, 2}));
}

}  // namespace
}  // namespace torchtrt::engine::testing

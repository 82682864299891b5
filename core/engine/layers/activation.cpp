// Activation: one activation function of each element (formulas: layers.md, Activation). Alpha and beta are 0
// until they are set. NaN comes out where it goes in.
//   c1  one input
//   c2  of a floating type; RELU also takes int32, int64, int8
//   c3  alpha and beta are finite
#include "core/engine/layers/activation.h"

#include <cmath>

#include "core/engine/layers/host_math.h"
#include "core/engine/layers/rules.h"

namespace torchtrt::engine {
namespace {

double softplus(double x) { return std::max(x, 0.0) + std::log1p(std::exp(-std::fabs(x))); }

// NaN comes out where it goes in.
double evaluate(ActivationType type, double a, double b, double x) {
  if (std::isnan(x)) return x;
  switch (type) {
    case ActivationType::kRelu:
      return std::max(x, 0.0);
    case ActivationType::kSigmoid:
      return 1 / (1 + std::exp(-x));
    case ActivationType::kTanh:
      return std::tanh(x);
    case ActivationType::kLeakyRelu:
      return x >= 0 ? x : a * x;
    case ActivationType::kElu:
      return x >= 0 ? x : a * std::expm1(x);
    case ActivationType::kSelu:
      return x > 0 ? b * x : b * a * std::expm1(x);
    case ActivationType::kSoftsign:
      return x / (1 + std::fabs(x));
    case ActivationType::kSoftplus:
      return a * softplus(b * x);
    case ActivationType::kClip:
      return std::max(a, std::min(b, x));
    case ActivationType::kHardSigmoid:
      return std::max(0.0, std::min(1.0, a * x + b));
    case ActivationType::kScaledTanh:
      return a * std::tanh(b * x);
    case ActivationType::kThresholdedRelu:
      return x > a ? x : 0;
    case ActivationType::kGeluErf:
      return 0.5 * x * (1 + std::erf(x / std::sqrt(2.0)));
    case ActivationType::kGeluTanh:
      return 0.5 * x * (1 + std::tanh(std::sqrt(2 / std::acos(-1.0)) * (x + 0.044715 * x * x * x)));
  }
  TORCHTRT_THROW(kInternal, "unknown activation ", static_cast<int>(type));
}

}  // namespace

Types Activation::infer_types(const Types& in) const {
  expect_inputs(in, 1);  // c1
  const bool integer = is_index(in[0]) || in[0] == DType::kInt8;
  expect_type(is_floating(in[0]) || (integer && type == ActivationType::kRelu), "the input of an activation",
              "float32, float16 or bfloat16 (RELU: or int32, int64, int8)", in[0]);  // c2
  TORCHTRT_REQUIRE(kInvalidArgument, std::isfinite(alpha) && std::isfinite(beta),
                   "alpha and beta have to be finite, not ", alpha, " and ", beta);  // c3
  return {in[0]};
}

Shapes Activation::infer_shapes(const ShapeArgs& in) const { return {in[0]}; }

std::optional<HostValues> Activation::fold(const HostArgs& in) const {
  return map_elements(in, in.type(0), [&](const HostScalar& x) {
    if (!x.floating) return HostScalar::of(std::max<int64_t>(x.i, 0));
    return host_scalar(in.type(0), evaluate(type, alpha, beta, x.f));
  });
}

TORCHTRT_LAYER(Activation);

}  // namespace torchtrt::engine

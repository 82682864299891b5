// CUDA expressions of layers that work element by element. Reals are floats in registers, whatever they are in memory:
// only casts round in between. What they compute at the edges (NaN, infinities, division by zero) is what the kernels
// in layers/*_aten.cpp compute.
#include <cstring>

#include "core/engine/exec/pointwise_source.h"
#include "core/engine/layers/activation.h"
#include "core/engine/layers/cast.h"
#include "core/engine/layers/constant.h"
#include "core/engine/layers/elementwise.h"
#include "core/engine/layers/identity.h"
#include "core/engine/layers/parametric_relu.h"
#include "core/engine/layers/select.h"
#include "core/engine/layers/unary.h"
#include "core/engine/passes/passes.h"

namespace torchtrt::engine {

const char* const kPointwisePrelude = R"(
typedef unsigned long long u64;
__device__ __forceinline__ float maximum(float a, float b) { return a != a ? a : b != b ? b : fmaxf(a, b); }
__device__ __forceinline__ int maximum(int a, int b) { return a > b ? a : b; }
__device__ __forceinline__ i64 maximum(i64 a, i64 b) { return a > b ? a : b; }
__device__ __forceinline__ float minimum(float a, float b) { return a != a ? a : b != b ? b : fminf(a, b); }
__device__ __forceinline__ int minimum(int a, int b) { return a < b ? a : b; }
__device__ __forceinline__ i64 minimum(i64 a, i64 b) { return a < b ? a : b; }
__device__ __forceinline__ float add(float a, float b) { return a + b; }
__device__ __forceinline__ int add(int a, int b) { return (int)((u32)a + (u32)b); }
__device__ __forceinline__ i64 add(i64 a, i64 b) { return (i64)((u64)a + (u64)b); }
__device__ __forceinline__ float subtract(float a, float b) { return a - b; }
__device__ __forceinline__ int subtract(int a, int b) { return (int)((u32)a - (u32)b); }
__device__ __forceinline__ i64 subtract(i64 a, i64 b) { return (i64)((u64)a - (u64)b); }
__device__ __forceinline__ float multiply(float a, float b) { return a * b; }
__device__ __forceinline__ int multiply(int a, int b) { return (int)((u32)a * (u32)b); }
__device__ __forceinline__ i64 multiply(i64 a, i64 b) { return (i64)((u64)a * (u64)b); }
__device__ __forceinline__ float divide(float a, float b) { return a / b; }
template <class T> __device__ __forceinline__ T divide(T a, T b) {
  return b == 0 ? (T)0 : b == -1 ? subtract((T)0, a) : a / b;
}
__device__ __forceinline__ float floor_divide(float a, float b) { return floorf(a / b); }
template <class T> __device__ __forceinline__ T floor_divide(T a, T b) {
  const T quotient = divide(a, b);
  return b != 0 && b != -1 && a % b != 0 && (a < 0) != (b < 0) ? quotient - 1 : quotient;
}
__device__ __forceinline__ float power(float a, float b) { return powf(a, b); }
template <class T> __device__ __forceinline__ T power(T a, T b) {
  if (b < 0) return a == 1 ? (T)1 : a == -1 ? (b % 2 == 0 ? (T)1 : (T)-1) : (T)0;
  T y = 1;
  for (; b > 0; b >>= 1, a = multiply(a, a))
    if (b & 1) y = multiply(y, a);
  return y;
}
__device__ __forceinline__ float negative(float x) { return -x; }
template <class T> __device__ __forceinline__ T negative(T x) { return subtract((T)0, x); }
__device__ __forceinline__ float absolute(float x) { return fabsf(x); }
template <class T> __device__ __forceinline__ T absolute(T x) { return x < 0 ? negative(x) : x; }
template <class T> __device__ __forceinline__ T sign(T x) { return (T)((x > 0) - (x < 0)); }
template <class T> __device__ __forceinline__ T relu(T x) { return x < 0 ? (T)0 : x; }
__device__ __forceinline__ float bounded(float x, float low, float high) {
  return x != x ? x : fmaxf(low, fminf(high, x));
}
__device__ __forceinline__ float sigmoid(float x) { return 1.0f / (1.0f + expf(-x)); }
__device__ __forceinline__ float softplus(float x) { return fmaxf(x, 0.0f) + log1pf(expf(-fabsf(x))); }
__device__ __forceinline__ float gelu(float x) { return x * 0.5f * (1.0f + erff(x * 0.70710678f)); }
__device__ __forceinline__ float gelu_tanh(float x) {
  return 0.5f * x * (1.0f + tanhf(0.79788456f * (x + 0.044715f * x * x * x)));
}
__device__ __forceinline__ int to_int(float x) {
  return x != x ? 0 : x >= 2147483648.0f ? 2147483647 : x <= -2147483648.0f ? (int)(-2147483647 - 1) : (int)x;
}
__device__ __forceinline__ i64 to_long(float x) {
  return x != x                        ? 0
         : x >= 9223372036854775808.0f ? 9223372036854775807ll
         : x <= -9223372036854775808.0f ? -9223372036854775807ll - 1
                                        : (i64)x;
}
)";

const char* stored_type(DType dtype) {
  switch (dtype) {
    case DType::kFloat16:
      return "Half";
    case DType::kBFloat16:
      return "BFloat";
    default:
      return register_type(dtype);
  }
}

const char* register_type(DType dtype) {
  switch (dtype) {
    case DType::kFloat32:
    case DType::kFloat16:
    case DType::kBFloat16:
      return "float";
    case DType::kInt32:
      return "int";
    case DType::kInt64:
      return "i64";
    case DType::kBool:
      return "bool";
    default:
      TORCHTRT_THROW(kInternal, "no elements of ", dtype, " in generated code");
  }
}

std::string value_name(ValueId value) { return join('v', value); }

namespace {

std::string number(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof(bits));
  return join("__int_as_float(0x", std::hex, bits, ')');
}

template <class T>
T element(const Weights& weights) {
  T value;
  std::memcpy(&value, weights.data, sizeof(T));
  return value;
}

std::string literal(const Weights& weights) {
  switch (weights.dtype) {
    case DType::kInt32:
      return join("(int)0x", std::hex, static_cast<uint32_t>(element<int32_t>(weights)), 'u');
    case DType::kInt64:
      return join("(i64)0x", std::hex, static_cast<uint64_t>(element<int64_t>(weights)), "ull");
    case DType::kBool:
      return element<uint8_t>(weights) ? "true" : "false";
    case DType::kFloat32:
      return number(element<float>(weights));
    default:
      return number(element<float>(to_float32(weights)));
  }
}

// "$0" and "$1" are the first operands, "$a" and "$b" numbers of the layer.
std::string filled(std::string_view pattern, const std::vector<std::string>& operands, float a = 0, float b = 0) {
  std::string result;
  for (size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] != '$') {
      result += pattern[i];
      continue;
    }
    const char which = pattern[++i];
    result += which == 'a' ? number(a) : which == 'b' ? number(b) : operands[static_cast<size_t>(which - '0')];
  }
  return result;
}

// By ElementWiseOp.
constexpr const char* kBinary[] = {"add($0, $1)",      "multiply($0, $1)", "maximum($0, $1)", "minimum($0, $1)",
                                   "subtract($0, $1)", "divide($0, $1)",   "power($0, $1)",   "floor_divide($0, $1)",
                                   "$0 && $1",         "$0 || $1",         "$0 != $1",        "$0 == $1",
                                   "$0 > $1",          "$0 < $1"};

// By UnaryOp.
constexpr const char* kUnary[] = {
    "expf($0)",   "logf($0)",  "sqrtf($0)",  "1.0f / $0",  "absolute($0)", "negative($0)",
    "sinf($0)",   "cosf($0)",  "tanf($0)",   "sinhf($0)",  "coshf($0)",    "asinf($0)",
    "acosf($0)",  "atanf($0)", "asinhf($0)", "acoshf($0)", "atanhf($0)",   "ceilf($0)",
    "floorf($0)", "erff($0)",  "!$0",        "sign($0)",   "rintf($0)",    "fabsf($0) == kInfinity",
    "$0 != $0"};

// By ActivationType.
constexpr const char* kActivation[] = {
    "relu($0)",
    "sigmoid($0)",
    "tanhf($0)",
    "$0 > 0.0f ? $0 : $0 * $a",
    "$0 < 0.0f ? expm1f($0) * $a : $0",
    "$0 < 0.0f ? expm1f($0) * ($a * $b) : $0 * $b",
    "$0 / (1.0f + fabsf($0))",
    "$a * softplus($b * $0)",
    "bounded($0, $a, $b)",
    "bounded($a * $0 + $b, 0.0f, 1.0f)",
    "$a * tanhf($b * $0)",
    "$0 <= $a ? 0.0f : $0",
    "gelu($0)",
    "gelu_tanh($0)",
};

std::string cast(const std::string& x, DType from, DType to) {
  const bool real = is_floating(from);
  switch (to) {
    case DType::kFloat16:
    case DType::kBFloat16:
      return join("to_float(of_float<", stored_type(to), ">((float)", x, "))");
    case DType::kFloat32:
      return join("(float)", x);
    case DType::kInt32:
      return join(real ? "to_int(" : "(int)(", x, ')');
    case DType::kInt64:
      return join(real ? "to_long(" : "(i64)(", x, ')');
    default:
      return join(x, " != 0");
  }
}

}  // namespace

std::string pointwise_expression(const Graph& body, const Node& node) {
  std::vector<std::string> x;
  for (const ValueId input : node.inputs) x.push_back(value_name(input));
  const Layer& layer = *node.layer;
  if (const auto* op = as<Constant>(layer)) return literal(op->weights);
  if (const auto* op = as<ElementWise>(layer)) return filled(kBinary[static_cast<int>(op->op)], x);
  if (const auto* op = as<Unary>(layer)) return filled(kUnary[static_cast<int>(op->op)], x);
  if (const auto* op = as<Activation>(layer))
    return filled(kActivation[static_cast<int>(op->type)], x, op->alpha, op->beta);
  if (as<ParametricReLU>(layer)) return filled("$0 < 0.0f ? $0 * $1 : $0", x);
  if (as<Select>(layer)) return filled("$0 ? $1 : $2", x);
  const DType from = body.stale_value(node.inputs[0]).dtype, to = body.stale_value(node.outputs[0]).dtype;
  if (as<Identity>(layer) && from == to) return x[0];
  if (as<Cast>(layer) || as<Identity>(layer)) return cast(x[0], from, to);
  TORCHTRT_THROW(kInternal, "no CUDA code for ", layer.kind(), " layers");
}

}  // namespace torchtrt::engine

// check_quantization: constraints c10, c11 and c12 of quantize.cpp and dequantize.cpp, c12 of dynamic_quantize.cpp.
#include "core/engine/plan/quantization_rules.h"

#include <algorithm>
#include <cstring>

#include "core/engine/layers/cast.h"
#include "core/engine/layers/constant.h"
#include "core/engine/layers/dequantize.h"
#include "core/engine/layers/dynamic_quantize.h"
#include "core/engine/layers/quantization.h"
#include "core/engine/layers/quantize.h"

namespace torchtrt::engine {
namespace {

// The weights behind a value that a Constant makes; null: something else makes it.
const Weights* constant_of(const Graph& graph, ValueId value) {
  const NodeId producer = value == kNoId ? kNoId : graph.stale_value(value).producer;
  const auto* constant = producer == kNoId ? nullptr : as<Constant>(*graph.node(producer).layer);
  return constant ? &constant->weights : nullptr;
}

uint64_t bits_at(const Weights& weights, int64_t i) {
  const auto* bytes = static_cast<const unsigned char*>(weights.data);
  const int bits = bits_of(weights.dtype);
  if (bits == 4) return bytes[i / 2] >> (i % 2 * 4) & 15u;
  uint64_t value = 0;
  std::memcpy(&value, bytes + i * (bits / 8), static_cast<size_t>(bits / 8));
  return value;
}

// Bits without that of the sign, of types that have a negative zero.
uint64_t magnitude(DType dtype, uint64_t bits) {
  const bool signed_zero = is_floating(dtype) || dtype == DType::kFloat8 || dtype == DType::kFloat4;
  return signed_zero ? bits & ~(uint64_t{1} << (bits_of(dtype) - 1)) : bits;
}

bool is_zero(const Weights& weights, int64_t i) { return magnitude(weights.dtype, bits_at(weights, i)) == 0; }

bool is_positive(const Weights& weights, int64_t i) {
  const uint64_t bits = bits_at(weights, i);
  switch (weights.dtype) {
    case DType::kFloat32:
      return bits > 0 && bits <= 0x7f800000u;
    case DType::kFloat16:
      return bits > 0 && bits <= 0x7c00u;
    case DType::kBFloat16:
      return bits > 0 && bits <= 0x7f80u;
    default:
      return bits != 0xffu;  // e8m0: powers of two, and NaN
  }
}

template <class Test>
int64_t first_failure(const Weights& weights, Test&& test) {
  for (int64_t i = 0; i < weights.count; ++i)
    if (!test(weights, i)) return i;
  return -1;
}

// c10 of Quantize and Dequantize, c12 of DynamicQuantize.
void check_scale(const Graph& graph, ValueId scale) {
  const Weights* weights = constant_of(graph, scale);
  if (!weights) return;
  const int64_t i = first_failure(*weights, is_positive);
  TORCHTRT_CHECK(i < 0, "element ", i, " of the scale is not positive");
}

void check_zero_point(const Graph& graph, ValueId zero_point) {
  if (zero_point == kNoId) return;
  const NodeId producer = graph.stale_value(zero_point).producer;
  const bool cast = producer != kNoId && as<Cast>(*graph.node(producer).layer);
  const Weights* weights = constant_of(graph, cast ? graph.node(producer).inputs[0] : zero_point);
  TORCHTRT_CHECK(weights, "the zero point has to come from a Constant layer, directly or through a Cast");  // c11
  const int64_t i = first_failure(*weights, is_zero);
  TORCHTRT_CHECK(i < 0, "element ", i, " of the zero point is not zero; only symmetric quantization exists");  // c11
}

template <class Op>
void check_layer(const Graph& graph, const Node& node, const Op& op, const std::vector<char>& varies) {
  check_scale(graph, node.inputs[1]);                                        // c10
  check_zero_point(graph, node.inputs.size() > 2 ? node.inputs[2] : kNoId);  // c11
  const Shape &data = graph.value(node.inputs[0]).shape, &scale = graph.value(node.inputs[1]).shape;
  TORCHTRT_CHECK(!is_per_channel(data, scale, op.block_shape) || !varies[node.inputs[0]],
                 "scales per channel (of shape ", scale,
                 ") are for weights, but the data depends on a network input; use one scale, or blocks");  // c12
}

}  // namespace

void check_quantization(const Graph& graph, const std::vector<NodeId>& order) {
  std::vector<char> varies(graph.value_count(), 0);  // depends on a network input
  for (const ValueId input : graph.inputs()) varies[input] = 1;
  for (const NodeId id : order) {
    const Node& node = graph.node(id);
    const bool depends = std::any_of(node.inputs.begin(), node.inputs.end(),
                                     [&](ValueId input) { return input != kNoId && varies[input] != 0; });
    for (const ValueId output : node.outputs) varies[output] = depends;
    try {
      if (const auto* quantize = as<Quantize>(*node.layer)) check_layer(graph, node, *quantize, varies);
      if (const auto* dequantize = as<Dequantize>(*node.layer)) check_layer(graph, node, *dequantize, varies);
      if (as<DynamicQuantize>(*node.layer) && node.inputs.size() > 1) check_scale(graph, node.inputs[1]);
    } catch (const Error& error) {
      throw Error(error.kind(), describe_failure(graph, id, error.what()));
    }
  }
}

}  // namespace torchtrt::engine

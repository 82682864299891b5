// Scale(Convolution(x, W, b), shift, scale) per channel             ->  Convolution(x, W * scale, b * scale + shift)
// ElementWise sum or product of a convolution with [1, K, 1..]      ->  the same, for shift or scale alone
//
// Valid for constants of a real type and a convolution that nothing else uses. Products are taken in double, and rounded
// once to the type of the data. float16 has to hold them: products of a map that would overflow, or lose bits because
// even the largest is subnormal, stay apart.
#include <algorithm>
#include <cmath>

#include "core/engine/layers/convolution.h"
#include "core/engine/layers/elementwise.h"
#include "core/engine/layers/scale.h"
#include "core/engine/passes/list.h"
#include "core/engine/passes/rewrite.h"

namespace torchtrt::engine {
namespace {

using Floats = std::vector<float>;

// The elements of a constant of a real type; nullopt: it is something else.
std::optional<Floats> floats_of(const Graph& graph, ValueId value) {
  const auto* constant = producer_as<Constant>(graph, value);
  if (!constant || !is_floating(constant->weights.dtype) || constant->weights.empty()) return std::nullopt;
  const bool wide = constant->weights.dtype == DType::kFloat32;
  const Weights weights = wide ? constant->weights : to_float32(constant->weights);
  const auto* data = static_cast<const float*>(weights.data);
  return Floats(data, data + weights.count);
}

// y = x * scale + shift per channel; absent: neutral.
struct Affine {
  std::optional<Floats> scale, shift;
};

bool per_channel(const Shape& shape, int rank, int64_t channels) {
  if (shape.rank() != rank || !shape.is_known() || shape[1] != channels) return false;
  return shape.volume() == channels;
}

std::optional<Affine> affine_of_scale(const Graph& graph, const Node& node, const Scale& op) {
  const auto input = [&](size_t i) { return i < node.inputs.size() ? node.inputs[i] : kNoId; };
  if (op.mode != ScaleMode::kChannel || op.channel_axis != 1 || op.to_type || input(3) != kNoId) return std::nullopt;
  if (!op.shift.empty() || !op.scale.empty() || !op.power.empty()) return std::nullopt;
  Affine affine{floats_of(graph, input(2)), floats_of(graph, input(1))};
  if ((input(2) != kNoId && !affine.scale) || (input(1) != kNoId && !affine.shift)) return std::nullopt;
  return affine;
}

// `data` becomes the input that the convolution may be.
std::optional<Affine> affine_of(const Graph& graph, const Node& node, ValueId& data) {
  if (node.inputs.empty()) return std::nullopt;
  data = node.inputs[0];
  if (const auto* scale = as<Scale>(*node.layer)) return affine_of_scale(graph, node, *scale);
  const auto* op = as<ElementWise>(*node.layer);
  if (!op || (op->op != ElementWiseOp::kSum && op->op != ElementWiseOp::kProd)) return std::nullopt;
  const int side = producer_as<Constant>(graph, node.inputs[0]) ? 1 : 0;
  data = node.inputs[side];
  const Value &x = graph.value(data), &c = graph.value(node.inputs[1 - side]);
  auto constant = floats_of(graph, node.inputs[1 - side]);
  if (!constant || x.shape.rank() < 2 || !per_channel(c.shape, x.shape.rank(), x.shape[1])) return std::nullopt;
  if (op->op == ElementWiseOp::kSum) return Affine{std::nullopt, std::move(constant)};
  return Affine{std::move(constant), std::nullopt};
}

ValueId add_floats(Graph& graph, Floats values, DType dtype, const Shape& shape, const std::string& name) {
  auto owner = std::make_shared<const Floats>(std::move(values));
  const Weights weights{DType::kFloat32, static_cast<int64_t>(owner->size()), owner->data(), owner, ""};
  return add_constant(graph, dtype == DType::kFloat32 ? weights : to_real(weights, dtype), shape, name);
}

Floats scaled(Floats kernel, const Floats& scale) {
  const size_t per_map = kernel.size() / scale.size();
  for (size_t i = 0; i < kernel.size(); ++i)
    kernel[i] = static_cast<float>(static_cast<double>(kernel[i]) * scale[i / per_map]);
  return kernel;
}

Floats folded_bias(const std::optional<Floats>& bias, const Affine& affine, int64_t maps) {
  Floats result(maps);
  for (int64_t k = 0; k < maps; ++k)
    result[k] =
        static_cast<float>((bias ? (*bias)[k] : 0.0) * static_cast<double>(affine.scale ? (*affine.scale)[k] : 1) +
                           (affine.shift ? (*affine.shift)[k] : 0));
  return result;
}

// Whether the type holds the values; `least` is the smallest that the largest of each map may be, unless that is 0.
bool fits(const Floats& values, int64_t maps, DType dtype, float least) {
  if (dtype != DType::kFloat16) return true;
  constexpr float kMost = 65504;
  const size_t per_map = values.size() / static_cast<size_t>(maps);
  for (size_t first = 0; first < values.size(); first += per_map) {
    float largest = 0;
    for (size_t i = first; i < first + per_map; ++i) largest = std::max(largest, std::fabs(values[i]));
    if (!(largest <= kMost) || (largest > 0 && largest < least)) return false;
  }
  return true;
}

bool rewrite(Graph& graph, NodeId id) {
  ValueId data = kNoId;
  const auto affine = affine_of(graph, graph.node(id), data);
  const auto* op = affine ? producer_as<Convolution>(graph, data) : nullptr;
  if (!op || !is_private(graph, data) || (!affine->scale && !affine->shift)) return false;
  const Node& node = producer_of(graph, data);
  const ValueId x = node.inputs[0], kernel_value = input_of(graph, data, 1), bias_value = input_of(graph, data, 2);
  auto kernel = kernel_value == kNoId ? std::nullopt : floats_of(graph, kernel_value);
  auto bias = bias_value == kNoId ? std::nullopt : floats_of(graph, bias_value);
  if (!kernel || (bias_value != kNoId && !bias)) return false;
  for (const auto* part : {&affine->scale, &affine->shift})
    if (*part && static_cast<int64_t>((*part)->size()) != op->output_maps) return false;
  const Convolution copy = *op;
  const std::string name = node.name;
  const Shape shape = graph.value(kernel_value).shape;
  const DType dtype = graph.value(x).dtype;
  Floats new_bias = folded_bias(bias, *affine, copy.output_maps);
  if (affine->scale) kernel = scaled(std::move(*kernel), *affine->scale);
  constexpr float kLeastNormal = 0x1p-14f;
  if (affine->scale && !fits(*kernel, copy.output_maps, dtype, kLeastNormal)) return false;
  if (!fits(new_bias, copy.output_maps, dtype, 0)) return false;
  const ValueId w =
      affine->scale ? add_floats(graph, std::move(*kernel), dtype, shape, name + " kernel") : kernel_value;
  const ValueId b = add_floats(graph, std::move(new_bias), dtype, Shape{copy.output_maps}, name + " bias");
  take_over(graph, graph.node(id).outputs[0], graph.node(graph.add(copy, {x, w, b})).outputs[0]);
  return true;
}

}  // namespace

bool fold_scale_into_convolution(Graph& graph) {
  bool changed = false;
  for (const NodeId id : graph.order())
    if (graph.node(id).layer) changed = rewrite(graph, id) || changed;
  return changed;
}

}  // namespace torchtrt::engine

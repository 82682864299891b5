// Convolution(x, W, b) * scale + shift, per channel       ->  Convolution(x, W * scale, b * scale + shift)
// Cast(Cast(Convolution(x, W, b), float32) * scale + shift, half)  ->  the same
//
// Scale and shift are a Scale layer, or sums, differences, products and quotients with constants [1, K, 1..] or of one
// element. Valid for constants of a real type and a convolution that nothing else uses. Without the casts one rounding
// less is left. Products are taken in double and rounded at the end to the type of the data. float16 has to hold them:
// products of a map that would overflow, or lose bits because even the largest is subnormal, stay apart.
#include <algorithm>
#include <cmath>

#include "core/engine/layers/cast.h"
#include "core/engine/layers/convolution.h"
#include "core/engine/layers/elementwise.h"
#include "core/engine/layers/scale.h"
#include "core/engine/passes/convolution_constants.h"
#include "core/engine/passes/list.h"
#include "core/engine/passes/rewrite.h"

namespace torchtrt::engine {
namespace {

// y = x * scale + shift per channel; of one element: the same for all channels.
struct Affine {
  std::vector<double> scale{1}, shift{0};
};

// A convolution's result, and what is done to it.
struct Scaled {
  ValueId convolution = kNoId;
  std::vector<Affine> steps;  // the last first
};

// Of one element, or one for each channel of x.
bool is_per_channel(const Shape& shape, const Shape& x) {
  if (shape.rank() != x.rank() || !shape.is_known()) return false;
  return shape.volume() == 1 || (shape[1] == x[1] && shape.volume() == shape[1]);
}

std::optional<Affine> affine_of_scale(const Graph& graph, const Node& node, const Scale& op) {
  const auto input = [&](size_t i) { return i < node.inputs.size() ? node.inputs[i] : kNoId; };
  if (op.mode == ScaleMode::kElementwise || op.channel_axis != 1 || op.to_type || input(3) != kNoId)
    return std::nullopt;
  if (!op.shift.empty() || !op.scale.empty() || !op.power.empty()) return std::nullopt;
  Affine affine;
  for (const auto& [part, value] : {std::pair(&affine.shift, input(1)), std::pair(&affine.scale, input(2))}) {
    if (value == kNoId) continue;
    const auto constant = floats_of(graph, value);
    if (!constant) return std::nullopt;
    part->assign(constant->begin(), constant->end());
  }
  return affine;
}

// x op c, or c op x.
std::optional<Affine> affine_of_elementwise(ElementWiseOp op, std::vector<double> c, bool constant_first) {
  const auto each = [&](auto&& f) { std::transform(c.begin(), c.end(), c.begin(), f); };
  switch (op) {
    case ElementWiseOp::kSum:
      return Affine{{1}, std::move(c)};
    case ElementWiseOp::kProd:
      return Affine{std::move(c), {0}};
    case ElementWiseOp::kSub:
      if (constant_first) return Affine{{-1}, std::move(c)};
      each([](double v) { return -v; });
      return Affine{{1}, std::move(c)};
    case ElementWiseOp::kDiv:
      if (constant_first) return std::nullopt;
      each([](double v) { return 1 / v; });
      return Affine{std::move(c), {0}};
    default:
      return std::nullopt;
  }
}

// `data` becomes the input that it is applied to.
std::optional<Affine> affine_of(const Graph& graph, const Node& node, ValueId& data) {
  if (const auto* scale = as<Scale>(*node.layer)) {
    data = node.inputs[0];
    return affine_of_scale(graph, node, *scale);
  }
  const auto* op = as<ElementWise>(*node.layer);
  if (!op) return std::nullopt;
  const int side = producer_as<Constant>(graph, node.inputs[0]) ? 1 : 0;
  const auto constant = floats_of(graph, node.inputs[1 - side]);
  data = node.inputs[side];
  const Shape &x = graph.value(data).shape, &c = graph.value(node.inputs[1 - side]).shape;
  if (!constant || x.rank() < 2 || !is_per_channel(c, x)) return std::nullopt;
  return affine_of_elementwise(op->op, {constant->begin(), constant->end()}, side == 1);
}

// What ends in a cast to the narrow type that the convolution has.
std::optional<Scaled> scaled_in_float32(const Graph& graph, const Node& last) {
  Scaled found;
  ValueId data = last.inputs[0];
  while (is_private(graph, data) && graph.stale_value(data).producer != kNoId) {
    ValueId before = kNoId;
    auto affine = affine_of(graph, producer_of(graph, data), before);
    if (!affine) break;
    found.steps.push_back(std::move(*affine));
    data = before;
  }
  const auto* widening = producer_as<Cast>(graph, data);
  if (found.steps.empty() || !widening || widening->to_type != DType::kFloat32) return std::nullopt;
  if (!is_private(graph, data)) return std::nullopt;
  found.convolution = input_of(graph, data, 0);
  if (graph.stale_value(found.convolution).dtype != graph.stale_value(last.outputs[0]).dtype) return std::nullopt;
  return found;
}

std::optional<Scaled> scaled_by(const Graph& graph, const Node& last) {
  if (as<Cast>(*last.layer)) return scaled_in_float32(graph, last);
  Scaled found;
  auto affine = affine_of(graph, last, found.convolution);
  if (!affine) return std::nullopt;
  found.steps.push_back(std::move(*affine));
  return found;
}

// All steps as one, per channel; nullopt: not for so many channels, or not finite.
std::optional<Affine> composed(const std::vector<Affine>& steps, size_t channels) {
  Affine all{std::vector<double>(channels, 1), std::vector<double>(channels, 0)};
  for (auto step = steps.rbegin(); step != steps.rend(); ++step) {
    for (const auto* part : {&step->scale, &step->shift})
      if (part->size() != 1 && part->size() != channels) return std::nullopt;
    for (size_t k = 0; k < channels; ++k) {
      const double scale = step->scale[step->scale.size() == 1 ? 0 : k];
      all.scale[k] *= scale;
      all.shift[k] = all.shift[k] * scale + step->shift[step->shift.size() == 1 ? 0 : k];
      if (!std::isfinite(all.scale[k]) || !std::isfinite(all.shift[k])) return std::nullopt;
    }
  }
  return all;
}

Floats scaled(Floats kernel, const std::vector<double>& scale) {
  const size_t per_map = kernel.size() / scale.size();
  for (size_t i = 0; i < kernel.size(); ++i) kernel[i] = static_cast<float>(kernel[i] * scale[i / per_map]);
  return kernel;
}

Floats folded_bias(const std::optional<Floats>& bias, const Affine& affine) {
  Floats result(affine.scale.size());
  for (size_t k = 0; k < result.size(); ++k)
    result[k] = static_cast<float>((bias ? (*bias)[k] : 0.0) * affine.scale[k] + affine.shift[k]);
  return result;
}

bool rewrite(Graph& graph, NodeId id) {
  const auto found = scaled_by(graph, graph.node(id));
  const auto* op = found ? producer_as<Convolution>(graph, found->convolution) : nullptr;
  if (!op || !is_private(graph, found->convolution)) return false;
  const Node& node = producer_of(graph, found->convolution);
  const ValueId x = node.inputs[0], kernel_value = input_of(graph, found->convolution, 1),
                bias_value = input_of(graph, found->convolution, 2);
  auto kernel = floats_of(graph, kernel_value);
  const auto bias = floats_of(graph, bias_value);
  if (!kernel || (bias_value != kNoId && !bias)) return false;
  const auto affine = composed(found->steps, static_cast<size_t>(op->output_maps));
  if (!affine) return false;
  const bool scales = std::any_of(affine->scale.begin(), affine->scale.end(), [](double s) { return s != 1; });
  const Convolution copy = *op;
  const std::string name = node.name;
  const Shape shape = graph.value(kernel_value).shape;
  const DType dtype = graph.value(x).dtype;
  constexpr float kLeastNormal = 0x1p-14f;
  Floats new_bias = folded_bias(bias, *affine);
  if (scales) kernel = scaled(std::move(*kernel), affine->scale);
  if (scales && !fits(*kernel, copy.output_maps, dtype, kLeastNormal)) return false;
  if (!fits(new_bias, copy.output_maps, dtype, 0)) return false;
  const ValueId w = scales ? add_floats(graph, std::move(*kernel), dtype, shape, name + " kernel") : kernel_value;
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

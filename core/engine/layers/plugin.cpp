// Plugins: what the engine holds them to, whatever generation they are of.
//   c1  no input is absent
//   c2  at least one output; a type for each; of PluginV3 neither bool nor uint8
//   c3  shape inputs are int32 or int64, of rank 0 or 1, with at most 8 elements
//   c4  at most 32 inputs where some are shape inputs
//   c5  a shape of rank 0 to 8 for each output; no length is negative
//   c6  size tensors are outputs of type int32 and rank 0
#include "core/engine/layers/plugin.h"

#include <algorithm>
#include <utility>

#include "core/engine/layers/rules.h"

namespace torchtrt::engine {
namespace {

constexpr size_t kMostShapeElements = kMaxRank;
constexpr size_t kMostMaskedInputs = 32;

Types to_types(std::span<const int64_t> numbers) {
  Types types;
  for (const int64_t number : numbers) {
    TORCHTRT_REQUIRE(kCorruptPlan, number >= 0 && number < kDTypeCount, "the plan is damaged: data type ", number);
    types.push_back(static_cast<DType>(number));
  }
  return types;
}

// What the plugin was told with `answer` holds for `in`: lengths and elements that were known then are the same now.
bool holds_for(const PluginLayer::Slot::Answer& answer, const ShapeArgs& in) {
  if (std::ssize(answer.shapes) != in.size()) return false;
  for (int i = 0; i < in.size(); ++i) {
    const Shape& told = answer.shapes[i];
    if (told.rank() != in[i].rank()) return false;
    for (int axis = 0; axis < told.rank(); ++axis)
      if (told[axis] != kUnknown && told[axis] != in[i][axis]) return false;
    const HostValue* value = in.value(i);
    if (!answer.values[i]) continue;
    for (size_t e = 0; e < answer.values[i]->elements.size(); ++e) {
      const HostScalar& known = answer.values[i]->elements[e];
      if (known.known && (!value || e >= value->elements.size() || !(value->elements[e] == known))) return false;
    }
  }
  return true;
}

void check_rule(const DimRule& rule, const Types& types) {
  TORCHTRT_CHECK(rule.output_count() == std::ssize(types), "it answers ", rule.output_count(), " shapes for ",
                 types.size(), " outputs");  // c5
  for (const int output : rule.size_tensors()) {
    TORCHTRT_CHECK(output < rule.output_count(), "size tensor ", output, " is none of its ", types.size(), " outputs");
    TORCHTRT_CHECK(rule.rank(output) == 0, "output ", output, " is a size tensor and must have rank 0, not ",
                   rule.rank(output));  // c6
    TORCHTRT_CHECK(types[output] == DType::kInt32, "output ", output, " is a size tensor and must be int32, not ",
                   types[output]);  // c6
  }
}

// A plugin takes what the network has; only where the network was weakly typed one real type for another.
bool can_take(DType graph, DType plugin) { return graph == plugin || (is_floating(graph) && is_floating(plugin)); }

// Types of a plan: those of an aliased output are those of its input, which is written through one output alone.
bool types_fit(const PluginLayer& layer, size_t inputs) {
  const Types graph = to_types(layer.graph_types), plugin = to_types(layer.plugin_types);
  if (graph.size() != plugin.size() || !std::equal(graph.begin(), graph.end(), plugin.begin(), can_take)) return false;
  std::vector<bool> written(inputs);
  for (size_t output = 0; output < layer.aliases.size(); ++output) {
    if (layer.aliases[output] < 0) continue;
    const auto input = static_cast<size_t>(layer.aliases[output]);
    if (graph[input] != graph[inputs + output] || plugin[input] != plugin[inputs + output] || written[input])
      return false;
    written[input] = true;
  }
  return true;
}

// The rule of a plan, after a look at everything else that the plan says of the plugin.
DimRule built_rule(const PluginLayer& layer, int64_t inputs) {
  DimRule rule = DimRule::decoded(layer.rule);
  const int64_t outputs = rule.output_count();
  const auto names_input = [&](int64_t input) { return input >= 0 && input < layer.tensors; };
  const auto names_input_or_none = [&](int64_t input) { return input == -1 || names_input(input); };
  TORCHTRT_REQUIRE(kCorruptPlan,
                   std::ssize(layer.graph_types) == inputs + outputs && layer.tensors >= 0 && layer.tensors <= inputs &&
                       layer.workspace >= 0 && (layer.aliases.empty() || std::ssize(layer.aliases) == outputs) &&
                       std::all_of(layer.aliases.begin(), layer.aliases.end(), names_input_or_none) &&
                       std::all_of(layer.in_place.begin(), layer.in_place.end(), names_input) &&
                       types_fit(layer, static_cast<size_t>(inputs)),
                   "the plan is damaged: ", layer.title());
  check_rule(rule, to_types(std::span(layer.graph_types).last(static_cast<size_t>(outputs))));
  return rule;
}

}  // namespace

std::string PluginLayer::title() const {
  return join("plugin ", plugin_name, ", version ", version, ", namespace \"", name_space, '"');
}

uint32_t PluginLayer::host_inputs() const { return tensors < 0 || tensors >= 32 ? 0 : ~uint32_t{0} << tensors; }

Types PluginLayer::infer_types(const Types& in) const {
  expect_inputs(in, in.size());  // c1
  TORCHTRT_CHECK(static_cast<size_t>(tensors) == in.size() || in.size() <= kMostMaskedInputs, in.size(),
                 " inputs, at most ", kMostMaskedInputs, " are possible where some are shape inputs");  // c4
  for (size_t i = static_cast<size_t>(tensors); i < in.size(); ++i)
    expect_type(is_index(in[i]), join("shape input ", i - static_cast<size_t>(tensors)), "int32 or int64",
                in[i]);  // c3
  if (is_built()) {
    const Types known = to_types(graph_types);
    TORCHTRT_CHECK(in.size() <= known.size() && std::equal(in.begin(), in.end(), known.begin()),
                   "the plugin was built for other types of inputs");
    return {known.begin() + static_cast<std::ptrdiff_t>(in.size()), known.end()};
  }
  TORCHTRT_REQUIRE(kInternal, slot->object, title(), " is not there");
  const std::scoped_lock lock(slot->mutex);
  for (const auto& [asked, answered] : slot->types)
    if (asked == in) return answered;
  TORCHTRT_CHECK(slot->object->output_count() > 0, title(), " has no outputs");  // c2
  const Types out = slot->object->output_types(in, ranks);
  for (size_t i = 0; i < out.size(); ++i)
    TORCHTRT_CHECK(generation < PluginGeneration::kV3 || (out[i] != DType::kBool && out[i] != DType::kUInt8), title(),
                   " answers ", out[i], " for output ", i, "; bool and uint8 are not possible");  // c2
  slot->types.emplace_back(in, out);
  return out;
}

DimRule PluginLayer::shape_rule(const ShapeArgs& in) const {
  const std::scoped_lock lock(slot->mutex);
  if (is_built()) {
    if (slot->answers.empty()) slot->answers.push_back({{}, {}, built_rule(*this, in.size())});
    return slot->answers.front().rule;
  }
  for (const Slot::Answer& answer : slot->answers)
    if (holds_for(answer, in)) return answer.rule;
  TORCHTRT_REQUIRE(kInternal, slot->object && !slot->types.empty(), title(), " is not there");
  Slot::Answer answer;
  for (int i = 0; i < in.size(); ++i) {
    answer.shapes.push_back(in[i]);
    answer.values.push_back(in.value(i) ? std::optional(*in.value(i)) : std::nullopt);
  }
  answer.rule = slot->object->shape_rule(in, static_cast<int>(tensors));
  check_rule(answer.rule, slot->types.back().second);
  return slot->answers.emplace_back(std::move(answer)).rule;
}

Shapes PluginLayer::shapes_with(const ShapeArgs& in, const DimRule::SizeOf& size_of) const {
  for (int i = static_cast<int>(tensors); i < in.size(); ++i) {
    const Shape& shape = in[i];
    TORCHTRT_CHECK(shape.rank() <= 1 && shape.is_known() && shape.volume() <= int64_t{kMostShapeElements},
                   "shape input ", i - tensors, " has shape ", shape, "; rank 0 or 1 and at most ", kMostShapeElements,
                   " elements expected");  // c3
  }
  Shapes shapes = shape_rule(in).evaluate(in, size_of);  // c5
  const bool open = std::any_of(shapes.begin(), shapes.end(), [](const Shape& s) { return !s.is_known(); });
  bool known = true;
  for (int i = 0; i < in.size(); ++i) known = known && in[i].is_known();
  if (open && known && slot->object && slot->object->answers_known_shapes()) {
    const std::scoped_lock lock(slot->mutex);
    shapes = slot->object->shape_rule(in, static_cast<int>(tensors)).evaluate(in, size_of);
  }
  return shapes;
}

Shapes PluginLayer::infer_shapes(const ShapeArgs& in) const { return shapes_with(in, size_unknown); }

Shapes PluginLayer::max_shapes(const ShapeArgs& in) const { return shapes_with(in, size_at_most); }

const PluginLayer* as_plugin(const Layer& layer) {
  if (const auto* v3 = as<PluginV3>(layer)) return v3;
  return as<PluginV2>(layer);
}

PluginLayer* as_plugin(Layer& layer) { return const_cast<PluginLayer*>(as_plugin(std::as_const(layer))); }

TORCHTRT_LAYER(PluginV2)
TORCHTRT_LAYER(PluginV3)

}  // namespace torchtrt::engine

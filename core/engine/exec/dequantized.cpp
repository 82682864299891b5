// compute_dequantized: one walk over the schedule.
#include "core/engine/exec/dequantized.h"

#include <algorithm>
#include <string_view>

#include "core/engine/layers/constant.h"
#include "core/engine/layers/dequantize.h"
#include "core/engine/layers/kernel.h"
#include "core/engine/layers/quantize.h"

namespace torchtrt::engine {
namespace {

constexpr std::string_view kMovers[] = {"Cast",    "Concatenation", "ElementWise", "Identity",
                                        "Shuffle", "Slice",         "Squeeze",     "Unsqueeze"};

bool is_mover(std::string_view kind) {
  return std::find(std::begin(kMovers), std::end(kMovers), kind) != std::end(kMovers);
}

class Walk {
 public:
  Walk(const Plan& plan, at::Device device, std::vector<at::Tensor>& constants)
      : plan_(plan), device_(device), constants_(constants), derived_(constants.size(), 0) {}

  bool any() const { return any_; }
  bool is_derived(const Node& node) const { return node.outputs.size() == 1 && derived_[node.outputs[0]]; }

  void visit(const Node& node) {
    const bool begins = as<Dequantize>(*node.layer) || as<Quantize>(*node.layer);
    const bool goes_on = is_mover(node.layer->kind()) && uses_derived(node);
    if (!(begins || goes_on) || !is_constant(node)) return;
    constants_[node.outputs[0]] = run(node);
    derived_[node.outputs[0]] = 1;
    any_ = true;
  }

 private:
  const Value& value(ValueId id) const { return plan_.graph.stale_value(id); }
  bool by_value(const Node& node, size_t i) const { return node.layer->host_inputs() >> i & 1; }
  bool unread(const Node& node, size_t i) const { return node.layer->shape_only_inputs() >> i & 1; }

  // Whether everything the node reads is known before any run.
  bool is_constant(const Node& node) const {
    if (node.inputs.empty() || node.outputs.size() != 1 || !value(node.outputs[0]).shape.is_known()) return false;
    for (size_t i = 0; i < node.inputs.size(); ++i) {
      const ValueId id = node.inputs[i];
      if (id == kNoId || unread(node, i)) continue;
      const bool known = by_value(node, i) ? value(id).host && value(id).host->is_known() : constants_[id].defined();
      if (!known) return false;
    }
    return true;
  }

  bool uses_derived(const Node& node) const {
    return std::any_of(node.inputs.begin(), node.inputs.end(), [&](ValueId id) { return id != kNoId && derived_[id]; });
  }

  at::Tensor run(const Node& node) const {
    std::vector<const at::Tensor*> inputs;
    std::vector<const HostValue*> values;
    Operands operands;
    bool packed = is_packed(value(node.outputs[0]).dtype);
    for (size_t i = 0; i < node.inputs.size(); ++i) {
      const ValueId id = node.inputs[i];
      const bool tensor = id != kNoId && !by_value(node, i) && !unread(node, i);
      inputs.push_back(tensor ? &constants_[id] : nullptr);
      values.push_back(id != kNoId && by_value(node, i) ? &*value(id).host : nullptr);
      operands.types.push_back(id == kNoId ? DType::kNone : value(id).dtype);
      operands.shapes.push_back(id == kNoId ? Shape::invalid() : value(id).shape);
      packed = packed || is_packed(operands.types.back());
    }
    at::Tensor result;
    const Shape shape = value(node.outputs[0]).shape;
    const DType type = value(node.outputs[0]).dtype;
    Call call(inputs, {&result, 1}, {&shape, 1}, values, {&type, 1}, device_, packed ? &operands : nullptr);
    find_kernel(node.layer->kind())(*node.layer, call);
    return result.contiguous();
  }

  const Plan& plan_;
  at::Device device_;
  std::vector<at::Tensor>& constants_;
  std::vector<char> derived_;
  bool any_ = false;
};

}  // namespace

void compute_dequantized(const Plan& plan, at::Device device, std::vector<at::Tensor>& constants,
                         std::vector<char>& spent) {
  if (plan.weight_streaming) return;
  Walk walk(plan, device, constants);
  for (const NodeId id : plan.order) walk.visit(plan.graph.node(id));
  if (!walk.any()) return;
  std::vector<char> needed(constants.size(), 0);
  for (const Binding& binding : plan.bindings) needed[binding.value] = 1;
  for (const ValueId value : plan.graph.debug_values()) needed[value] = 1;
  for (const NodeId id : plan.order) {
    const Node& node = plan.graph.node(id);
    if (walk.is_derived(node)) continue;
    for (const ValueId input : node.inputs)
      if (input != kNoId) needed[input] = 1;
  }
  for (size_t value = 0; value < constants.size(); ++value) {
    if (needed[value] || !constants[value].defined()) continue;
    spent[value] = 1;
    constants[value].reset();
  }
}

}  // namespace torchtrt::engine

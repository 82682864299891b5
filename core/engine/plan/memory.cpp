// Memory: lives of tensors along the schedule, and a place for each.
#include "core/engine/plan/memory.h"

#include <algorithm>
#include <numeric>

#include "core/engine/layers/constant.h"
#include "core/engine/plan/corner.h"
#include "core/engine/plan/places.h"

namespace torchtrt::engine {
namespace {

constexpr std::string_view kViews[] = {"Cast",  "Identity", "Reformat",  "Shuffle",
                                       "Slice", "Squeeze",  "Unsqueeze", "Padding"};

bool may_be_view(const Node& node) {
  return std::find(std::begin(kViews), std::end(kViews), node.layer->kind()) != std::end(kViews);
}

class Lives {
 public:
  Lives(const Plan& plan, const std::vector<Shape>& shapes)
      : plan_(plan), root_(plan.graph.value_count()), life_(plan.graph.value_count(), -1) {
    std::iota(root_.begin(), root_.end(), 0);
    for (int position = 0; position < static_cast<int>(plan.order.size()); ++position) visit(position, shapes);
    const int end = static_cast<int>(plan.order.size());
    for (const Binding& binding : plan.bindings) extend(binding.value, end);
  }
  // Positions in the plan's order, ascending.
  const std::vector<Life>& all() const { return lives_; }
  const std::vector<ValueId>& values() const { return values_; }

 private:
  void visit(int position, const std::vector<Shape>& shapes) {
    const Node& node = plan_.graph.node(plan_.order[static_cast<size_t>(position)]);
    for (const ValueId input : node.inputs)
      if (input != kNoId) extend(input, position);
    if (may_be_view(node) && !node.inputs.empty() && node.inputs[0] != kNoId) {
      for (const ValueId output : node.outputs) root_[output] = root_[node.inputs[0]];
      return;
    }
    if (as<Constant>(*node.layer)) return;
    for (const ValueId output : node.outputs) {
      const Shape& shape = shapes[static_cast<size_t>(output)];
      const bool placed = plan_.placement[static_cast<size_t>(output)] != Placement::kHost && !is_bound(output) &&
                          shape.is_valid() && shape.is_known() && shape.volume() > 0;
      if (!placed) continue;
      life_[output] = static_cast<int>(lives_.size());
      lives_.push_back({bytes_of(plan_.graph.stale_value(output).dtype, shape.volume()), position, position});
      values_.push_back(output);
    }
  }
  bool is_bound(ValueId value) const {
    return std::any_of(plan_.bindings.begin(), plan_.bindings.end(),
                       [&](const Binding& b) { return b.value == value; });
  }
  void extend(ValueId value, int position) {
    if (const int life = life_[root_[value]]; life >= 0) lives_[static_cast<size_t>(life)].last = position;
  }

  const Plan& plan_;
  std::vector<ValueId> root_;  // by value: the one whose memory it may be
  std::vector<int> life_;      // by value: position in lives_, or -1
  std::vector<Life> lives_;
  std::vector<ValueId> values_;  // by position in lives_
};

}  // namespace

MemoryPlan plan_memory(const Plan& plan, const std::vector<Shape>& shapes) {
  const Lives lives(plan, shapes);
  const Places places = place(lives.all(), kBlockAlignment);
  MemoryPlan result{std::vector<int64_t>(plan.graph.value_count(), kNoPlace), places.bytes};
  for (size_t i = 0; i < places.begins.size(); ++i)
    result.places[static_cast<size_t>(lives.values()[i])] = places.begins[i];
  return result;
}

int64_t block_bytes(const Plan& plan, int profile) {
  try {
    Evaluation evaluation = start_at(plan.graph, plan.profiles.at(static_cast<size_t>(profile)), Corner::kMax);
    evaluation.assume_largest();
    for (const NodeId id : plan.order) evaluation.evaluate(id);
    std::vector<Shape> shapes;
    for (ValueId id = 0; id < plan.graph.value_count(); ++id) shapes.push_back(evaluation.shape(id));
    return plan_memory(plan, shapes).bytes;
  } catch (const Error&) {
    return 0;
  }
}

}  // namespace torchtrt::engine

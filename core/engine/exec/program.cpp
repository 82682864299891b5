// Program: binds a plan's schedule to shapes.
#include "core/engine/exec/program.h"

#include <algorithm>

#include "core/engine/exec/packing.h"
#include "core/engine/exec/transfer.h"
#include "core/engine/plan/aliases.h"

namespace torchtrt::engine {
namespace {

int output_binding_of(const Plan& plan, ValueId value) {
  for (size_t i = 0; i < plan.bindings.size(); ++i)
    if (plan.bindings[i].value == value && !plan.bindings[i].is_input)
      // -1 where it is written in the end, Note [Aliases].
      return has_other_readers(plan, plan.bindings[i]) ? -1 : static_cast<int>(i);
  return -1;
}

}  // namespace

Program::Program(const DevicePlan& plan, const ProgramKey& key, std::vector<at::Tensor>& slots)
    : plan_(&plan),
      slots_(&slots),
      evaluation_(plan.plan().graph),
      uploads_(plan.plan().graph.value_count()),
      reads_input_(plan.plan().bindings.size(), 0) {
  size_t shape = 0, value = 0;
  for (const Binding& binding : plan.plan().bindings) {
    if (!binding.is_input) continue;
    evaluation_.set_shape(binding.value, key.shapes[shape++]);
    if (binding.on_host) evaluation_.set_host(binding.value, key.values[value++]);
  }
  extend();
}

void Program::extend() {
  add_known_steps();
  if (staged_) return release_read();  // what is alive was not known when the first steps were made
  drop_dead_steps();
  release_early();
}

void Program::add_known_steps() {
  const Plan& plan = plan_->plan();
  while (!complete()) {
    const NodeId id = plan.order[position_];
    const Outcome outcome = evaluation_.evaluate(id);
    if (outcome == Outcome::kNeedsValue) {
      awaited_ = evaluation_.missing_value(id);
      place(awaited_);  // an input that is read back has to be there
      staged_ = true;
      return;
    }
    ++position_;
    if (outcome == Outcome::kFolded || is_placed_constant(id)) continue;
    add_step(id);
    if (outcome == Outcome::kDataDependent && !complete()) {
      awaited_ = kNoId;
      staged_ = true;
      return;
    }
  }
  plan_deliveries();
}

bool Program::is_placed_constant(NodeId id) const {
  const std::vector<ValueId>& outputs = plan_->plan().graph.node(id).outputs;
  return outputs.size() == 1 && plan_->is_settled(outputs[0]);
}

const at::Tensor* Program::place(ValueId value) {
  if (value == kNoId) return nullptr;
  if (const at::Tensor& constant = plan_->constant(value); constant.defined()) return &constant;
  if (evaluation_.is_host_known(value)) {
    if (!uploads_[value]) {
      uploads_[value] = std::make_shared<at::Tensor>();
      uploaded_ = false;
    }
    return uploads_[value].get();
  }
  for (size_t i = 0; i < reads_input_.size(); ++i)
    if (plan_->plan().bindings[i].is_input && plan_->plan().bindings[i].value == value) reads_input_[i] = 1;
  return &(*slots_)[value];
}

void Program::add_step(NodeId id) {
  const Graph& graph = plan_->plan().graph;
  const Node& node = graph.node(id);
  Step step;
  step.node = id;
  step.layer = node.layer.get();
  step.kernel = find_kernel(node.layer->kind());
  step.bound = bind_kernel({graph, node, evaluation_, plan_->device()});
  TORCHTRT_REQUIRE(kUnsupported, step.kernel || step.bound, "layer \"", node.name, "\": there is no kernel for ",
                   node.layer->kind(), " layers");
  const uint32_t host = node.layer->host_inputs(), shape_only = node.layer->shape_only_inputs();
  for (size_t i = 0; i < node.inputs.size(); ++i) {
    const bool by_value = names_input(host, i), unread = names_input(shape_only, i);
    step.inputs.push_back(by_value || unread ? nullptr : place(node.inputs[i]));
    step.values.push_back(by_value && node.inputs[i] != kNoId ? evaluation_.host(node.inputs[i]).get() : nullptr);
  }
  for (const ValueId output : node.outputs) {
    step.out_shapes.push_back(evaluation_.shape(output));
    step.out_types.push_back(graph.stale_value(output).dtype);
    step.out_scalar_types.push_back(storage_type_of(step.out_types.back()));
    step.bindings.push_back(output_binding_of(plan_->plan(), output));
  }
  step.operands = operands_of(graph, node, evaluation_);
  step.outputs = node.outputs;
  steps_.push_back(std::move(step));
}

void Program::plan_deliveries() {
  const std::vector<Binding>& bindings = plan_->plan().bindings;
  for (int i = 0; i < static_cast<int>(bindings.size()); ++i) {
    if (bindings[i].is_input) continue;
    const bool known = bindings[i].on_host && evaluation_.is_host_known(bindings[i].value);
    const at::Tensor* source = known ? nullptr : place(bindings[i].value);
    const bool late = has_other_readers(plan_->plan(), bindings[i]);
    if (bindings[i].on_host || late || !is_slot(source)) deliveries_.push_back({i, source});
  }
  for (const ValueId value : plan_->plan().graph.debug_values())
    if (const at::Tensor* source = place(value); !is_slot(source)) debug_sources_.push_back({value, source});
}

// A step is alive if an output of the engine or a living step needs it, or if it is there for its effect.
void Program::drop_dead_steps() {
  std::vector<char> needed(slots_->size(), 0);
  for (const Binding& binding : plan_->plan().bindings)
    if (!binding.is_input) needed[binding.value] = 1;
  for (const ValueId value : plan_->plan().graph.debug_values()) needed[value] = 1;
  std::vector<char> alive(steps_.size(), 0);
  for (size_t i = steps_.size(); i-- > 0;) {
    const Step& step = steps_[i];
    alive[i] = step.outputs.empty() || step.layer->has_effect() ||
               std::any_of(step.outputs.begin(), step.outputs.end(), [&](ValueId v) { return needed[v] != 0; });
    if (!alive[i]) continue;
    for (const at::Tensor* input : step.inputs)
      if (is_slot(input)) needed[input - slots_->data()] = 1;
  }
  size_t i = 0;
  std::erase_if(steps_, [&](const Step&) { return !alive[i++]; });
  for (size_t b = 0; b < reads_input_.size(); ++b)
    if (plan_->plan().bindings[b].is_input)
      reads_input_[b] = reads_input_[b] && needed[plan_->plan().bindings[b].value];
}

void Program::release_early() {
  std::vector<char> keep(slots_->size(), 0);  // inputs stay wrapped from call to call
  for (const ValueId input : plan_->plan().graph.inputs()) keep[input] = 1;
  for (const Delivery& delivery : deliveries_)
    if (is_slot(delivery.source)) keep[delivery.source - slots_->data()] = 1;
  for (auto step = steps_.rbegin(); step != steps_.rend(); ++step) {
    const auto release = [&](ValueId value) {
      if (!std::exchange(keep[value], 1)) step->releases.push_back(value);
    };
    for (const ValueId output : step->outputs) release(output);
    for (const at::Tensor* input : step->inputs)
      if (is_slot(input)) release(static_cast<ValueId>(input - slots_->data()));
  }
}

// What no later node reads, whatever the data lead to.
void Program::release_read() {
  const Plan& plan = plan_->plan();
  if (!last_readers_) {
    auto readers = std::make_shared<std::vector<NodeId>>(slots_->size(), kNoId);
    for (const NodeId id : plan.order)
      for (const ValueId input : plan.graph.node(id).inputs)
        if (input != kNoId) (*readers)[input] = id;
    for (const Binding& binding : plan.bindings) (*readers)[binding.value] = kNoId;
    for (const ValueId value : plan.graph.debug_values()) (*readers)[value] = kNoId;
    last_readers_ = std::move(readers);
  }
  for (; released_ < steps_.size(); ++released_) {
    Step& step = steps_[released_];
    for (const at::Tensor* input : step.inputs)
      if (is_slot(input) && (*last_readers_)[static_cast<size_t>(input - slots_->data())] == step.node)
        step.releases.push_back(static_cast<ValueId>(input - slots_->data()));
  }
}

void Program::upload() {
  if (uploaded_) return;
  for (size_t value = 0; value < uploads_.size(); ++value)
    if (uploads_[value] && !uploads_[value]->defined())
      *uploads_[value] = engine::upload(to_tensor(*evaluation_.host(static_cast<ValueId>(value))), plan_->device());
  uploaded_ = true;
}

}  // namespace torchtrt::engine

// DeviceContext: what is set and asked. Running is in run.cpp.
#include <algorithm>

#include "core/engine/exec/device.h"
#include "core/engine/exec/device_context.h"
#include "core/engine/exec/transfer.h"
#include "core/engine/exec/weight_stream.h"
#include "core/engine/layers/plugin.h"
#include "core/engine/plan/aliases.h"

namespace torchtrt::engine {
namespace {

// Programs kept for shapes that come back.
constexpr size_t kMaxPrograms = 8;

}  // namespace

std::unique_ptr<Context> Context::create(std::shared_ptr<const LoadedPlan> plan, void* owner) {
  auto device_plan = std::dynamic_pointer_cast<const DevicePlan>(std::move(plan));
  TORCHTRT_REQUIRE(kInternal, device_plan, "this plan was not loaded by LoadedPlan::load");
  device_plan->place();
  return std::make_unique<DeviceContext>(std::move(device_plan), owner);
}

DeviceContext::DeviceContext(std::shared_ptr<const DevicePlan> plan, void* owner)
    : plan_(std::move(plan)),
      bindings_(plan_->plan()),
      aliases_(aliases_of(plan_->plan())),
      slots_(plan_->plan().graph.value_count()),
      state_(owner),
      observer_(plan_->plan(), plan_->device()),
      recorder_(plan_->device()),
      arena_(uses_arenas(plan_->device())),
      use_(plan_) {
  size_t most = 0;
  for (const NodeId id : plan_->plan().order) most = std::max(most, plan_->plan().graph.node(id).outputs.size());
  results_.resize(most);
  dests_.resize(most);
  for (const Binding& binding : plan_->plan().bindings)
    has_host_inputs_ = has_host_inputs_ || (binding.is_input && binding.on_host);
  if (plan_->streamed()) WeightStream::install(state_, plan_->streamed(), plan_->device());
  attach_plugins();
}

// Those of the bodies of loops and branches are attached by their first run.
void DeviceContext::attach_plugins() {
  const DeviceScope on_device(plan_->device());
  const ContextState::Scope scope(state_);
  for (const NodeId id : plan_->plan().order)
    if (const PluginLayer* plugin = as_plugin(*plan_->plan().graph.node(id).layer)) attach_plugin(*plugin);
}

void DeviceContext::set_profile(int index) {
  const auto count = static_cast<int>(plan_->plan().profiles.size());
  TORCHTRT_REQUIRE(kInvalidArgument, index >= 0 && index < count, "optimization profile ", index, " is outside [0, ",
                   count, ")");
  if (index == profile_) return;
  profile_ = index;
  state_.note_change();
  bindings_.forget_shapes();
  same_key_ = false;
}

void DeviceContext::set_input_shape(std::string_view input, const Shape& shape) {
  if (!bindings_.set_shape(bindings_.input_index_of(input), shape, profile_)) return;
  same_key_ = false;
  state_.note_change();
}

void DeviceContext::set_address(std::string_view tensor, void* address) {
  const int i = bindings_.index_of(tensor);
  if (bindings_.binding(i).is_input && bindings_[i].address != address) state_.note_change();
  bindings_.set_address(i, address);
}

void* DeviceContext::address(std::string_view tensor) const { return bindings_[bindings_.index_of(tensor)].address; }

void DeviceContext::set_output_allocator(std::string_view output, std::optional<OutputAllocator> allocator) {
  bindings_[bindings_.output_index_of(output)].allocator = std::move(allocator);
}

Program& DeviceContext::program() {
  if (same_key_ && !has_host_inputs_) return *programs_.front().program;
  ProgramKey key = bindings_.key(profile_);
  if (!(same_key_ && programs_.front().key == key)) bind(std::move(key));
  same_key_ = true;
  return *programs_.front().program;
}

Program& DeviceContext::bind(ProgramKey key) {
  same_key_ = false;
  const auto found = std::find_if(programs_.begin(), programs_.end(), [&](const Bound& b) { return b.key == key; });
  if (found != programs_.end()) {
    std::rotate(programs_.begin(), found, found + 1);
  } else {
    const DeviceScope scope(plan_->device());
    auto program = std::make_unique<Program>(*plan_, key, slots_);
    if (programs_.size() == kMaxPrograms) {
      use_.settle();
      programs_.pop_back();
    }
    programs_.insert(programs_.begin(), Bound{std::move(key), std::move(program), std::nullopt, {}, 0});
    observer_.trace();
  }
  for (int i = 0; i < bindings_.count(); ++i) bindings_[i].tensor.reset();  // shapes may differ
  return *programs_.front().program;
}

// What is known while input shapes are missing; with `at_max`, those count as the profile's greatest, and lengths that
// depend on data as their upper bounds.
Evaluation DeviceContext::evaluate_partly(bool at_max) const {
  const Plan& plan = plan_->plan();
  Evaluation evaluation(plan.graph);
  for (int i = 0; i < bindings_.count() && bindings_.binding(i).is_input; ++i) {
    Shape shape = bindings_.input_shape(i, profile_);
    if (at_max && !shape.is_known()) shape = *plan.profiles[profile_].inputs[i].max;
    evaluation.set_shape(bindings_.binding(i).value, shape);
    if (bindings_.binding(i).on_host && bindings_[i].address && shape.is_known())
      evaluation.set_host(bindings_.binding(i).value,
                          read_host(bindings_[i].address, bindings_.binding(i).dtype, shape));
  }
  if (at_max) evaluation.assume_largest();
  for (const NodeId id : plan.order) evaluation.evaluate(id);
  return evaluation;
}

Shape DeviceContext::shape(std::string_view tensor) {
  const int i = bindings_.index_of(tensor);
  if (bindings_.binding(i).is_input) return bindings_.input_shape(i, profile_);
  const bool settled = same_key_ && !has_host_inputs_;
  if (!settled && !bindings_.missing(profile_).empty()) return evaluate_partly(false).shape(bindings_.binding(i).value);
  const Program& bound = program();
  const Shape& known = bound.evaluation().shape(bindings_.binding(i).value);
  // A program that waits for data has not looked at what comes behind them.
  return known.is_known() || bound.complete() ? known : evaluate_partly(false).shape(bindings_.binding(i).value);
}

std::vector<Shape> DeviceContext::shapes() {
  if (bindings_.missing(profile_).empty())
    if (const Program& bound = program(); bound.complete()) return shapes_of(plan_->plan(), bound.evaluation());
  return shapes_of(plan_->plan(), evaluate_partly(false));
}

void DeviceContext::set_communicator(Communicator communicator) {
  state_.keep<Communicator>(&kCommunicatorKey, [] { return new Communicator; }) = std::move(communicator);
}

// The end of it is for streamed weights, if the plan has some.
void DeviceContext::set_block(void* address, int64_t bytes) {
  if (Staging* staging = WeightStream::of(state_)) {
    const int64_t before = (bytes - plan_->streamed()->scratch()) / kBlockAlignment * kBlockAlignment;
    const bool fits = address && bytes >= plan_->streamed()->scratch();
    staging->use_memory(fits ? static_cast<char*>(address) + before : nullptr);
    if (fits) bytes = before;
  }
  block_.set(address, bytes);
}

const MemoryPlan& DeviceContext::memory_plan(Bound& bound) const {
  if (!bound.memory) bound.memory = plan_memory(plan_->plan(), shapes_of(plan_->plan(), bound.program->evaluation()));
  return *bound.memory;
}

// Gives the tensors of the present program their places in the present block.
void DeviceContext::place_tensors() {
  Bound& bound = programs_.front();
  if (bound.version == block_.version() || !bound.program->complete()) return;
  bound.version = block_.version();
  bound.places.clear();
  if (!block_.is_there()) return;
  const std::vector<Shape> shapes = shapes_of(plan_->plan(), bound.program->evaluation());
  bound.places = block_.places(plan_->plan(), memory_plan(bound), shapes, plan_->device());
}

int64_t DeviceContext::block_bytes() {
  const std::vector<std::string> missing = bindings_.missing(profile_);
  TORCHTRT_REQUIRE(kInvalidState, missing.empty(), "inputs ", list_of(missing),
                   " lack a shape, or the address of their shape values; set them first");
  const int64_t staging = plan_->streamed() ? plan_->streamed()->scratch() : 0;
  return staging + (program().complete() ? memory_plan(programs_.front()).bytes : 0);
}

std::vector<std::string> DeviceContext::infer_shapes() {
  std::vector<std::string> missing = bindings_.missing(profile_);
  if (missing.empty()) write_shape_outputs(program());
  return missing;
}

void DeviceContext::write_shape_outputs(const Program& program) {
  for (int i = 0; i < bindings_.count(); ++i) {
    const Binding& binding = bindings_.binding(i);
    if (!binding.is_input && binding.on_host && bindings_[i].address &&
        program.evaluation().is_host_known(binding.value))
      write_host(bindings_[i].address, *program.evaluation().host(binding.value));
  }
}

// A rule that the greatest lengths violate leaves the output without a bound: at run time lengths may go together.
Shape DeviceContext::largest_shape(int output) {
  try {
    return evaluate_partly(true).shape(bindings_.binding(output).value);
  } catch (const Error&) {
    return Shape::filled(1, kUnknown);
  }
}

int64_t DeviceContext::max_output_bytes(std::string_view output) {
  const int i = bindings_.output_index_of(output);
  const Binding& binding = bindings_.binding(i);
  Shape bound = shape(output);
  if (!bound.is_known()) bound = largest_shape(i);
  return bound.is_known() ? binding.bytes(bound) : -1;
}

}  // namespace torchtrt::engine

// DeviceContext::enqueue: runs a program's steps and delivers the outputs.
#include <c10/util/Exception.h>

#include <algorithm>

#include "core/engine/exec/device.h"
#include "core/engine/exec/device_context.h"
#include "core/engine/exec/packing.h"
#include "core/engine/exec/run_turn.h"
#include "core/engine/exec/transfer.h"
#include "core/engine/exec/weight_stream.h"

namespace torchtrt::engine {
namespace {

constexpr uint64_t kAlignment = 256;  // asked of output allocators
constexpr const char* kByData = "lengths depend on data";
constexpr const char* kRunOutside = "run the engine outside the capture";

}  // namespace

void DeviceContext::enqueue(void* stream) {
  if (!same_key_ || has_host_inputs_) {
    const std::vector<std::string> missing = bindings_.missing(profile_);
    TORCHTRT_REQUIRE(kInvalidState, missing.empty(), "engine \"", plan_->plan().name, "\" cannot run: inputs ",
                     list_of(missing), " lack a shape, or the address of their shape values; set them first");
  }
  bindings_.require_outputs();
  RunScope scope(plan_->device(), stream);
  const RunTurn turn(plan_->device());
  const PlanUse::Run use(use_, stream);
  const ContextState::Scope states(state_);
  check_aliases();
  if (plan_->streamed()) WeightStream::of(state_)->start_run();
  Program& bound = program();
  if (!recorder_.enabled() || !run_recorded(bound, stream)) run_plain(bound, stream);
}

void DeviceContext::run_plain(Program& bound, void* stream) {
  bound.upload();
  wrap_inputs(bound);
  place_tensors();
  if (observer_.active()) observer_.start(stream);
  const Observer::Scope listening(observer_);
  ArenaRun arena(arena_, programs_.front().arena);
  try {
    if (bound.complete()) {
      run_steps(bound, 0, stream);
      deliver(bound, stream);
      let_go(bound);
    } else {
      run_stages(bound, stream);
    }
    arena.finish();
    if (observer_.active()) observer_.finish();
  } catch (...) {
    for (ValueId id = 0; id < static_cast<ValueId>(slots_.size()); ++id)
      if (plan_->plan().graph.stale_value(id).producer != kNoId) slots_[id].reset();
    throw;
  }
}

// See Note [Aliases].
void DeviceContext::check_aliases() const {
  for (size_t i = 0; i < aliases_.size(); ++i) {
    if (aliases_[i] < 0) continue;
    const auto& output = bindings_[static_cast<int>(i)];
    const auto& input = bindings_[aliases_[i]];
    TORCHTRT_REQUIRE(kInvalidState, output.address == input.address && !output.allocator, "output \"",
                     bindings_.binding(static_cast<int>(i)).name, "\" is input \"", bindings_.binding(aliases_[i]).name,
                     "\" updated in place: bind both to one address, and set no allocator");
  }
}

void DeviceContext::wrap_inputs(const Program& program) {
  for (int i = 0; i < bindings_.count() && bindings_.binding(i).is_input; ++i) {
    if (!program.reads_input(i)) continue;
    auto& bound = bindings_[i];
    if (bound.tensor.defined() && bound.wrapped_address == bound.address) continue;
    const Binding& binding = bindings_.binding(i);
    const Shape& shape = program.evaluation().shape(binding.value);
    TORCHTRT_REQUIRE(kInvalidState, bound.address, "input \"", binding.name,
                     "\" has no address; set one before running, for an empty tensor too");
    bound.tensor = wrap(bound.address, shape, binding.dtype, plan_->device());
    bound.wrapped_address = bound.address;
    slots_[binding.value] = bound.tensor;
  }
}

// From the caller's allocator, if there is one.
void DeviceContext::allocate_output(int i, const Shape& shape, void* stream) {
  auto& bound = bindings_[i];
  if (!bound.allocator) return;
  const Binding& binding = bindings_.binding(i);
  const ArenaRun::Pause pause;
  const auto bytes = static_cast<uint64_t>(std::max<int64_t>(1, binding.bytes(shape)));
  bound.address = bound.allocator->reallocate(binding.name, bound.address, bytes, kAlignment, stream);
  TORCHTRT_REQUIRE(kExecution, bound.address, "the output allocator gave no memory for output \"", binding.name,
                   "\": ", bytes, " bytes");
  bound.allocator->notify_shape(binding.name, shape);
}

// Undefined where there is nothing to write to: an empty output.
at::Tensor DeviceContext::output_tensor(int i, const Shape& shape, void* stream) {
  auto& bound = bindings_[i];
  const Binding& binding = bindings_.binding(i);
  allocate_output(i, shape, stream);
  if (shape.volume() == 0) return {};
  if (!bound.tensor.defined() || bound.wrapped_address != bound.address ||
      !has_stored_shape(bound.tensor, binding.dtype, shape)) {
    bound.tensor = wrap(bound.address, shape, binding.dtype, plan_->device());
    bound.wrapped_address = bound.address;
  }
  return bound.tensor;
}

// Memory that somebody allocated before the run has to hold whatever length the data lead to.
void DeviceContext::require_room(int i) {
  const Binding& binding = bindings_.binding(i);
  const bool fixed = bindings_[i].address && !bindings_[i].allocator;
  TORCHTRT_REQUIRE(kInvalidState, !fixed || largest_shape(i).is_known(), "output \"", binding.name,
                   "\" has a length that depends on data and no upper bound, so no address can be known to have room; "
                   "set an output allocator for it");
}

// See Note [Stages]. The program that was bound stays as it is: values differ from run to run.
void DeviceContext::run_stages(const Program& bound, void* stream) {
  refuse_capture(plan_->device(), kByData, kRunOutside);
  for (int i = 0; i < bindings_.count(); ++i)
    if (!bindings_.binding(i).is_input && !bindings_.binding(i).on_host && !shape(bindings_.binding(i).name).is_known())
      require_room(i);
  Program program = bound;
  const ReleaseInOrder order(plan_->device());  // what its kernels keep goes with them
  size_t done = 0;
  while (true) {
    run_steps(program, done, stream);
    done = program.steps().size();
    if (program.complete()) break;
    if (const ValueId value = program.awaited(); value != kNoId) {
      const at::Tensor* tensor = program.place(value);
      TORCHTRT_REQUIRE(kInternal, tensor && tensor->defined(), "the value of \"",
                       plan_->plan().graph.stale_value(value).name, "\" was not computed before it was needed");
      program.provide(value, to_host(*tensor, plan_->plan().graph.stale_value(value).dtype));
    } else {
      for (const ValueId output : program.steps().back().outputs)
        program.provide_shape(output, shape_of(slots_[output]));
    }
    program.extend();
    program.upload();
    wrap_inputs(program);
  }
  deliver(program, stream);
  for (const Step& step : program.steps())
    for (const ValueId output : step.outputs) slots_[output].reset();
}

void DeviceContext::run_steps(const Program& program, size_t first, void* stream) {
  const std::vector<Step>& steps = program.steps();
  for (size_t i = first; i < steps.size(); ++i) {
    const Step& step = steps[i];
    if (ArenaRun* arena = ArenaRun::current()) arena->start_step(i);
    try {
      if (observer_.active()) {
        observer_.observe(step.node, [&] { run_step(step, stream); });
      } else {
        run_step(step, stream);
      }
    } catch (const Error& error) {
      throw Error(error.kind(), failure_of(step, error.what()));
    } catch (const c10::Error& error) {
      throw Error(ErrorKind::kExecution, failure_of(step, error.what_without_backtrace()));
    } catch (const std::exception& error) {
      throw Error(ErrorKind::kExecution, failure_of(step, error.what()));
    }
  }
}

std::string DeviceContext::failure_of(const Step& step, const char* what) const {
  std::string text =
      join(step.layer->kind(), " layer \"", plan_->plan().graph.node(step.node).name, "\" failed to run: ", what);
  for (size_t i = 0; i < step.inputs.size(); ++i)
    if (const at::Tensor* input = step.inputs[i]; input && input->defined())
      text += join("\n  input ", i, ": ", dtype_of(input->scalar_type()), ' ', shape_of(*input));
  return text;
}

void DeviceContext::run_step(const Step& step, void* stream) {
  const size_t count = step.outputs.size();
  for (size_t i = 0; i < count; ++i) {
    dests_[i].reset();
    if (!step.out_shapes[i].is_known()) refuse_capture(plan_->device(), kByData, kRunOutside);
    if (step.bindings[i] >= 0 && step.out_shapes[i].is_known() && !bindings_.binding(step.bindings[i]).on_host)
      dests_[i] = output_tensor(step.bindings[i], step.out_shapes[i], stream);
    else if (step.bindings[i] < 0 && !programs_.front().places.empty())
      dests_[i] = programs_.front().places[step.outputs[i]];
    results_[i] = dests_[i];
  }
  Call call(step.inputs, {results_.data(), count}, step.out_shapes, step.values, step.out_types, plan_->device(),
            step.operands.get());
  if (step.bound) {
    step.bound->run(call);
  } else {
    step.kernel(*step.layer, call);
  }
  for (size_t i = 0; i < count; ++i) store(step, static_cast<int>(i), std::move(results_[i]), dests_[i], stream);
  if (observer_.listens())
    for (const ValueId output : step.outputs) observer_.report(plan_->plan().graph, output, slots_[output]);
  for (const ValueId value : step.releases) slots_[value].reset();
}

void DeviceContext::store(const Step& step, int i, at::Tensor result, const at::Tensor& dest, void* stream) {
  TORCHTRT_REQUIRE(kInternal,
                   result.defined() && result.scalar_type() == step.out_scalar_types[i] &&
                       has_stored_shape(result, step.out_types[i], step.out_shapes[i]),
                   "the kernel's result ", i, " is ", result.defined() ? c10::toString(result.scalar_type()) : "absent",
                   result.defined() ? join(' ', shape_of(result)) : "", "; ", step.out_types[i], ' ',
                   step.out_shapes[i], " expected");
  const int binding = step.bindings[i];
  if (binding >= 0 && dest.defined()) {
    if (!result.is_same(dest)) dest.copy_(result, /*non_blocking=*/true);
  } else if (binding >= 0 && !step.out_shapes[i].is_known() && !bindings_.binding(binding).on_host) {
    require_room(binding);
    const at::Tensor late = output_tensor(binding, shape_of(result), stream);
    if (late.defined()) late.copy_(result, /*non_blocking=*/true);
  }
  if (binding < 0 && dest.defined() && !result.is_same(dest) && block_.holds(result)) {  // a view, see Note [Block]
    dest.copy_(result, /*non_blocking=*/true);
    result = dest;
  }
  slots_[step.outputs[i]] = std::move(result);
}

void DeviceContext::deliver(const Program& program, void* stream) {
  if (ArenaRun* arena = ArenaRun::current()) arena->start_step(program.steps().size());
  if (observer_.listens())
    for (const auto& [value, source] : program.debug_sources()) observer_.report(plan_->plan().graph, value, *source);
  for (const auto& [i, source] : program.deliveries()) {
    const Binding& binding = bindings_.binding(i);
    if (!binding.on_host) {
      const Shape shape = is_packed(binding.dtype) ? program.evaluation().shape(binding.value) : shape_of(*source);
      const at::Tensor dest = output_tensor(i, shape, stream);
      if (dest.defined()) dest.copy_(*source, /*non_blocking=*/true);
      continue;
    }
    allocate_output(i, program.evaluation().shape(binding.value), stream);
    if (bindings_[i].address)
      write_host(bindings_[i].address,
                 source ? to_host(*source, binding.dtype) : *program.evaluation().host(binding.value));
  }
}

// Of the results that were kept to be delivered.
void DeviceContext::let_go(const Program& program) {
  for (const auto& [i, source] : program.deliveries()) {
    const ValueId value = bindings_.binding(i).value;
    if (source == &slots_[value] && plan_->plan().graph.stale_value(value).producer != kNoId) slots_[value].reset();
  }
}

}  // namespace torchtrt::engine

// Session: one run. See Note [Hot path] in session.h.
#include <ATen/ops/empty.h>
#include <c10/core/DeviceGuard.h>

#include <algorithm>
#include <cstring>

#include "core/runtime/device.h"
#include "core/runtime/input_check.h"
#include "core/runtime/session.h"
#include "core/runtime/session_require.h"
#include "core/runtime/types.h"
#include "core/util/span.h"

namespace torchtrt::runtime {
namespace {

struct ClearAtEnd {
  std::vector<at::Tensor>& tensors;
  ~ClearAtEnd() { tensors.clear(); }
};

bool has_unknown(const std::vector<int64_t>& shape) {
  return std::any_of(shape.begin(), shape.end(), [](int64_t length) { return length < 0; });
}

}  // namespace

std::vector<at::Tensor> Session::run(at::TensorList inputs) {
  if (inputs.size() != bindings_.inputs.size()) [[unlikely]]
    throw_count(name_, bindings_.inputs, inputs.size());
  if (!device_.is_cuda()) return run_here(inputs);
  const c10::DeviceGuard guard(device_);
  return run_here(inputs);
}

std::vector<at::Tensor> Session::run_here(at::TensorList inputs) {
  const ClearAtEnd release{held_};
  const bool timed = options_.profile_phases;
  if (timed) clear_traces();
  {
    const PhaseTimer timer(timed ? &input_trace_ : nullptr, "inputs");
    if (options_.auto_profile) choose_profile(inputs);
    bind_inputs(inputs);
    if (shapes_changed_) infer_shapes();
  }
  std::vector<at::Tensor> outputs;
  {
    const PhaseTimer timer(timed ? &output_trace_ : nullptr, "outputs");
    outputs = bind_outputs();
    if (options_.dynamic_resources) bring_scratch();
  }
  {
    const PhaseTimer timer(timed ? &enqueue_trace_ : nullptr, "enqueue");
    require("failed to run", nullptr, [&] { return context_->enqueueV3(current_stream(device_)); });
  }
  finish_outputs(outputs);
  if (timed) write_traces();
  return outputs;
}

void Session::bind_inputs(at::TensorList inputs) {
  for (size_t i = 0; i < inputs.size(); ++i) bind_input(i, inputs[i]);
}

void Session::bind_input(size_t position, const at::Tensor& given) {
  Binding& binding = bindings_.inputs[position];
  const bool fits = given.defined() && given.scalar_type() == binding.dtype && given.device() == device_ &&
                    given.layout() == at::kStrided;
  if (!fits || !binding.shape_set || given.sizes() != at::IntArrayRef(binding.shape)) [[unlikely]] {
    check_tensor(name_, binding, position, given, device_);
    if (!binding.shape_set || given.sizes() != at::IntArrayRef(binding.shape)) {
      set_shape(binding, position, given.sizes());
    }
  }
  const at::Tensor* tensor = &given;
  const auto hold = [&](at::Tensor made) { tensor = &held_.emplace_back(std::move(made)); };
  if (held_.capacity() < 3 * bindings_.inputs.size()) held_.reserve(3 * bindings_.inputs.size());  // keeps addresses
  if (given.is_neg()) [[unlikely]]
    hold(given.resolve_neg());
  if (!tensor->is_contiguous()) hold(tensor->contiguous());
  if (binding.on_host && !tensor->device().is_cpu()) hold(tensor->cpu());
  if (binding.value_shapes) bind_values(binding, *tensor);
  bind_address(binding, address_of(binding, *tensor));
}

void Session::bind_values(Binding& binding, const at::Tensor& tensor) {
  if (!tensor.device().is_cpu()) {  // the engine reads them itself; only it knows whether they changed
    shapes_changed_ = true;
    return;
  }
  const auto* bytes = static_cast<const char*>(tensor.const_data_ptr());
  const size_t size = tensor.nbytes();
  if (binding.values.size() == size && std::memcmp(binding.values.data(), bytes, size) == 0) return;
  binding.values.assign(bytes, bytes + size);
  shapes_changed_ = true;
}

void Session::set_shape(Binding& binding, size_t position, at::IntArrayRef sizes) {
  check_lengths(name_, binding, position, sizes, profile_);
  shapes_changed_ = true;
  binding.shape_set = false;
  if (!binding.fixed) {
    require("refused an input shape", &binding,
            [&] { return context_->setInputShape(binding.name.c_str(), to_dims(sizes.data(), sizes.size())); });
  }
  binding.shape.assign(sizes.begin(), sizes.end());
  binding.shape_set = true;
}

// The active profile if it holds the inputs, else the first that does, else no change: the check then says what is
// wrong.
void Session::choose_profile(at::TensorList inputs) {
  const auto holds = [&](int profile) {
    for (size_t i = 0; i < inputs.size(); ++i) {
      if (!inputs[i].defined() || !bindings_.inputs[i].ranges[profile].holds(inputs[i].sizes())) return false;
    }
    return true;
  };
  if (holds(profile_)) return;
  for (int profile = 0; profile < engine_->getNbOptimizationProfiles(); ++profile) {
    if (holds(profile)) return set_profile(profile);
  }
}

void Session::infer_shapes() {
  next_outputs_.clear();
  for (Binding& output : bindings_.outputs) {
    // Inference writes shape values to addresses of host outputs: those of the last run are no longer ours.
    if (output.on_host) bind_address(output, nullptr);
  }
  const char* missing[1] = {nullptr};
  require("could not infer its output shapes", nullptr, [&] { return context_->inferShapes(1, missing) == 0; });
  for (Binding& output : bindings_.outputs) {
    output.shape = to_sizes(context_->getTensorShape(output.name.c_str()));
    output.shape_set = !has_unknown(output.shape);
  }
  shapes_changed_ = false;
}

std::vector<at::Tensor> Session::bind_outputs() {
  std::vector<at::Tensor> outputs;
  outputs.reserve(bindings_.outputs.size());
  std::vector<at::Tensor> ahead = std::exchange(next_outputs_, {});
  for (size_t i = 0; i < bindings_.outputs.size(); ++i) {
    Binding& binding = bindings_.outputs[i];
    if (!binding.shape_set || options_.allocator_for_all) [[unlikely]] {
      bind_allocator(i);
      outputs.emplace_back();
      continue;
    }
    if (allocators_[i]) [[unlikely]] {
      require("refused to give up an output allocator", &binding,
              [&] { return context_->setOutputAllocator(binding.name.c_str(), nullptr); });
      allocators_[i].reset();
    }
    outputs.push_back(i < ahead.size() && ahead[i].defined() ? std::move(ahead[i]) : new_output(binding));
    bind_address(binding, address_of(binding, outputs.back()));
  }
  return outputs;
}

void Session::bind_allocator(size_t position) {
  if (allocators_[position]) return;
  Binding& binding = bindings_.outputs[position];
  bind_address(binding, nullptr);
  auto allocator = std::make_unique<OutputAllocator>(binding.dtype, binding.on_host ? at::Device(at::kCPU) : device_);
  require("refused an output allocator", &binding,
          [&] { return context_->setOutputAllocator(binding.name.c_str(), allocator.get()); });
  allocators_[position] = std::move(allocator);
}

at::Tensor Session::new_output(const Binding& binding) const {
  const at::Device device = binding.on_host ? at::Device(at::kCPU) : device_;
  return at::empty(binding.shape, at::TensorOptions().dtype(binding.dtype).device(device));
}

void* Session::address_of(const Binding& binding, const at::Tensor& tensor) const {
  if (tensor.numel() != 0) [[likely]]
    return const_cast<void*>(tensor.const_data_ptr());
  return (binding.on_host ? host_placeholder_ : placeholder_).mutable_data_ptr();
}

void Session::bind_address(Binding& binding, void* address) {
  if (binding.address == address) return;
  require("refused an address", &binding, [&] { return context_->setTensorAddress(binding.name.c_str(), address); });
  binding.address = address;
}

void Session::bring_scratch() {
  const auto bytes = static_cast<int64_t>(context_->updateDeviceMemorySizeForShapes());
  if (!scratch_.defined() || scratch_.numel() != bytes) {
    scratch_ = at::empty({bytes}, at::TensorOptions().dtype(at::kByte).device(device_));
  }
  context_->setDeviceMemoryV2(bytes > 0 ? scratch_.mutable_data_ptr() : nullptr, bytes);
}

void Session::finish_outputs(std::vector<at::Tensor>& outputs) {
  for (size_t i = 0; i < outputs.size(); ++i) {
    const Binding& binding = bindings_.outputs[i];
    if (allocators_[i]) [[unlikely]]
      outputs[i] = allocators_[i]->take(binding.name);
    if (binding.on_host && device_.is_cuda()) outputs[i] = outputs[i].to(device_);
  }
  if (options_.dynamic_resources) scratch_ = at::Tensor();
  if (!options_.pre_allocate) [[likely]]
    return;
  for (const Binding& binding : bindings_.outputs) {
    next_outputs_.push_back(binding.shape_set ? new_output(binding) : at::Tensor());
  }
}

std::vector<at::Tensor> Session::infer_outputs(const std::vector<std::vector<int64_t>>& input_shapes) {
  if (input_shapes.size() != bindings_.inputs.size()) throw_count(name_, bindings_.inputs, input_shapes.size());
  for (size_t i = 0; i < input_shapes.size(); ++i) {
    Binding& binding = bindings_.inputs[i];
    TORCHTRT_REQUIRE(kInvalidArgument, input_shapes[i].size() == binding.dims.size(), "Input '", binding.name,
                     "' (argument ", i, " of engine '", name_, "'): engine expects ", binding.dims.size(),
                     " axes, got ", list_of(input_shapes[i]), ".");
    TORCHTRT_REQUIRE(kUnsupported, !binding.value_shapes, "Engine '", name_, "': values of input '", binding.name,
                     "' decide output shapes, so that shapes alone do not tell them. Run the engine instead.");
    set_shape(binding, i, input_shapes[i]);
  }
  infer_shapes();
  std::vector<at::Tensor> outputs;
  for (const Binding& binding : bindings_.outputs) {
    TORCHTRT_REQUIRE(kUnsupported, binding.shape_set, "Engine '", name_, "': the shape of output '", binding.name,
                     "' depends on values: ", list_of(binding.shape), ". Run the engine instead.");
    outputs.push_back(at::empty(binding.shape, at::TensorOptions().dtype(binding.dtype).device(at::kMeta)));
  }
  return outputs;
}

void Session::clear_traces() {
  for (Trace* trace : {&input_trace_, &output_trace_, &enqueue_trace_, &layer_times_.trace}) trace->clear();
}

void Session::write_traces() const {
  const std::string stem = options_.trace_prefix + "/" + name_;
  const std::string& format = options_.trace_format;
  write_file(stem + "_input_profile.trace", input_trace_.to_json(format));
  write_file(stem + "_output_profile.trace", output_trace_.to_json(format));
  write_file(stem + "_enqueue_profile.trace", enqueue_trace_.to_json(format));
  write_file(stem + "_engine_execution_profile.trace", layer_times_.trace.to_json(format));
}

}  // namespace torchtrt::runtime

// ExecutionContext: shapes, addresses, runs; what it does not have says so.
#include "core/engine/api/execution_context.h"

#include <algorithm>

#include "core/engine/api/twins.h"
#include "core/engine/exec/wait.h"

namespace torchtrt::engine::api {

ExecutionContext::ExecutionContext(CudaEngine& engine, nv::ExecutionContextAllocationStrategy strategy)
    : engine_(engine), report_(engine.report()), strategy_(strategy), nvtx_(engine.getProfilingVerbosity()) {
  mImpl = this;
  tenancy_ = engine.tenants();
  context_ = follow(engine.current(), static_cast<nv::IExecutionContext*>(this));  // plugins may ask it already
  context_->set_warning([this](const std::string& text) { report_.warn(text); });
  TORCHTRT_REQUIRE(kInvalidArgument, is_strategy(strategy), "ExecutionContextAllocationStrategy ",
                   static_cast<int>(strategy), " does not exist");
  allocate_memory();
}

// NVIDIA's bindings delete what they are given here.
nv::IRuntimeConfig* ExecutionContext::getRuntimeConfig() const noexcept {
  return report_.guard("IExecutionContext::getRuntimeConfig", static_cast<nv::IRuntimeConfig*>(nullptr), [&] {
    auto config = std::make_unique<RuntimeConfig>(report_);
    config->setExecutionContextAllocationStrategy(strategy_);
    return config.release();
  });
}

const Binding& ExecutionContext::binding(const char* name) const {
  const Binding* found = engine_.binding(name);
  TORCHTRT_REQUIRE(kInvalidArgument, found, "there is no input or output \"", name ? name : "(null)", '"');
  return *found;
}

const Binding& ExecutionContext::binding(const char* name, bool input) const {
  const Binding& found = binding(name);
  TORCHTRT_REQUIRE(kInvalidArgument, found.is_input == input, '"', name, "\" is an ", input ? "output" : "input",
                   ", not an ", input ? "input" : "output");
  return found;
}

void ExecutionContext::setName(const char* name) noexcept {
  report_.attempt("IExecutionContext::setName", [&] {
    TORCHTRT_REQUIRE(kInvalidArgument, name, "the name is null");
    name_ = name;
  });
}

bool ExecutionContext::setOptimizationProfileAsync(int32_t profile, cudaStream_t stream) noexcept {
  return report_.attempt("IExecutionContext::setOptimizationProfileAsync", [&] {
    const int former = context_->profile();
    context_->set_profile(profile);
    const bool follows = strategy_ == nv::ExecutionContextAllocationStrategy::kON_PROFILE_CHANGE;
    if (!follows || profile == former) return;
    wait_for_stream(stream, engine_.device());  // runs before may still use the memory
    allocate_memory();
  });
}

bool ExecutionContext::setInputShape(const char* name, const nv::Dims& dims) noexcept {
  return report_.attempt("IExecutionContext::setInputShape",
                         [&] { context_->set_input_shape(binding(name, true).name, shape_of(dims)); });
}

bool ExecutionContext::lacks_shape(const Binding& input) const { return !context_->shape(input.name).is_known(); }

bool ExecutionContext::allInputDimensionsSpecified() const noexcept {
  return report_.guard("IExecutionContext::allInputDimensionsSpecified", false, [&] {
    const auto& bindings = engine_.about().bindings;
    return std::none_of(bindings.begin(), bindings.end(),
                        [&](const Binding& b) { return b.is_input && lacks_shape(b); });
  });
}

bool ExecutionContext::allInputShapesSpecified() const noexcept {
  return report_.guard("IExecutionContext::allInputShapesSpecified", false, [&] {
    const auto& bindings = engine_.about().bindings;
    return std::none_of(bindings.begin(), bindings.end(), [&](const Binding& b) {
      return b.is_input && b.shape_inference && b.on_host && !context_->address(b.name);
    });
  });
}

nv::Dims ExecutionContext::getTensorShape(const char* name) const noexcept {
  return report_.guard("IExecutionContext::getTensorShape", no_dims(),
                       [&] { return dims_of(context_->shape(binding(name).name)); });
}

nv::Dims ExecutionContext::getTensorStrides(const char* name) const noexcept {
  return report_.guard("IExecutionContext::getTensorStrides", no_dims(), [&] {
    const Binding& tensor = binding(name);
    return dims_of(strides_in(tensor.format, context_->shape(tensor.name)));
  });
}

bool ExecutionContext::setTensorAddress(const char* name, void* address) noexcept {
  return report_.attempt("IExecutionContext::setTensorAddress",
                         [&] { context_->set_address(binding(name).name, address); });
}

const void* ExecutionContext::getTensorAddress(const char* name) const noexcept {
  return report_.guard("IExecutionContext::getTensorAddress", static_cast<const void*>(nullptr),
                       [&] { return context_->address(binding(name).name); });
}

bool ExecutionContext::setInputTensorAddress(const char* name, const void* address) noexcept {
  return report_.attempt("IExecutionContext::setInputTensorAddress", [&] {
    context_->set_address(binding(name, true).name, const_cast<void*>(address));  // inputs are only read
  });
}

bool ExecutionContext::setOutputTensorAddress(const char* name, void* address) noexcept {
  return report_.attempt("IExecutionContext::setOutputTensorAddress",
                         [&] { context_->set_address(binding(name, false).name, address); });
}

void* ExecutionContext::getOutputTensorAddress(const char* name) const noexcept {
  return report_.guard("IExecutionContext::getOutputTensorAddress", static_cast<void*>(nullptr),
                       [&] { return context_->address(binding(name, false).name); });
}

int32_t ExecutionContext::inferShapes(int32_t capacity, const char** names) noexcept {
  return report_.guard("IExecutionContext::inferShapes", -1, [&] {
    TORCHTRT_REQUIRE(kInvalidArgument, capacity >= 0 && (capacity == 0 || names), "room for ", capacity,
                     " names at a null pointer");
    const std::vector<std::string> missing = context_->infer_shapes();
    for (size_t i = 0; i < missing.size() && i < static_cast<size_t>(capacity); ++i)
      names[i] = engine_.keep(missing[i]);
    return static_cast<int>(missing.size());
  });
}

bool ExecutionContext::setOutputAllocator(const char* name, nv::IOutputAllocator* allocator) noexcept {
  return report_.attempt("IExecutionContext::setOutputAllocator", [&] {
    const Binding& output = binding(name, false);
    allocators_.erase(output.name);
    if (!allocator) return context_->set_output_allocator(output.name, std::nullopt);
    OutputAllocator calls;
    calls.reallocate = [allocator](const std::string& tensor, void* current, uint64_t bytes, uint64_t alignment,
                                   void* stream) {
      return allocator->reallocateOutputAsync(tensor.c_str(), current, bytes, alignment,
                                              static_cast<cudaStream_t>(stream));
    };
    calls.notify_shape = [allocator](const std::string& tensor, const Shape& shape) {
      allocator->notifyShape(tensor.c_str(), dims_of(shape));
    };
    context_->set_output_allocator(output.name, std::move(calls));
    allocators_[output.name] = allocator;
  });
}

nv::IOutputAllocator* ExecutionContext::getOutputAllocator(const char* name) noexcept {
  const auto found = allocators_.find(std::string_view(name ? name : ""));
  return found == allocators_.end() ? nullptr : found->second;
}

int64_t ExecutionContext::getMaxOutputSize(const char* name) const noexcept {
  return report_.guard("IExecutionContext::getMaxOutputSize", int64_t{-1},
                       [&] { return context_->max_output_bytes(binding(name, false).name); });
}

bool ExecutionContext::enqueueV3(cudaStream_t stream) noexcept {
  return report_.attempt("IExecutionContext::enqueueV3", [&] {
    require_memory();
    context_->enqueue(stream);
    if (profiler_ && emits_profile_) report_times();
    if (consumed_) record_event(consumed_, stream, engine_.device());
  });
}

bool ExecutionContext::executeV2(void* const* bindings) noexcept {
  return report_.attempt("IExecutionContext::executeV2", [&] {
    TORCHTRT_REQUIRE(kInvalidArgument, bindings, "the list of addresses is null");
    for (const Binding& b : engine_.about().bindings) context_->set_address(b.name, *bindings++);
    require_memory();
    struct Quiet {
      Context& context;
      ~Quiet() { context.set_layer_log({}); }
    } const quiet{*context_};
    if (debug_sync_)
      context_->set_layer_log(
          [this](const std::string& layer) { report_.info(join("layer \"", layer, "\" has run")); });
    context_->enqueue(nullptr);
    if (consumed_) record_event(consumed_, nullptr, engine_.device());
    wait_for_stream(nullptr, engine_.device());
    if (profiler_ && emits_profile_) report_times();
  });
}

bool ExecutionContext::setInputConsumedEvent(cudaEvent_t event) noexcept {
  consumed_ = event;  // recorded behind the whole run, when inputs are free for sure
  return true;
}

bool ExecutionContext::setTemporaryStorageAllocator(nv::IGpuAllocator* allocator) noexcept {
  allocator_ = allocator;
  return true;
}

// The engine uses none, so any are more than needed; what nobody could use is refused all the same.
void ExecutionContext::setAuxStreams(cudaStream_t* streams, int32_t count) noexcept {
  report_.attempt("IExecutionContext::setAuxStreams", [&] {
    TORCHTRT_REQUIRE(kInvalidArgument, count >= 0 && (count == 0 || streams), count, " streams at a null pointer");
    for (int32_t i = 0; i < count; ++i) {
      TORCHTRT_REQUIRE(kInvalidArgument, streams[i], "auxiliary stream ", i, " is the default stream");
      TORCHTRT_REQUIRE(kInvalidArgument, std::find(streams, streams + i, streams[i]) == streams + i,
                       "auxiliary stream ", i, " is there twice");
    }
  });
}

bool ExecutionContext::setNvtxVerbosity(nv::ProfilingVerbosity verbosity) noexcept {
  return report_.attempt("IExecutionContext::setNvtxVerbosity", [&] {
    // By rising detail: kNONE, kLAYER_NAMES_ONLY, kDETAILED.
    const auto detail = [](nv::ProfilingVerbosity v) {
      return v == nv::ProfilingVerbosity::kNONE ? -1 : static_cast<int>(v);
    };
    const nv::ProfilingVerbosity wanted = theirs(ours(verbosity));
    TORCHTRT_REQUIRE(kInvalidArgument, detail(wanted) <= detail(engine_.getProfilingVerbosity()), "verbosity ",
                     static_cast<int>(verbosity), " is above that of the engine");
    nvtx_ = wanted;
  });
}

// The text of a communicator is told from anything else by its beginning, see Note [Communicators].
bool ExecutionContext::setCommunicator(void* communicator) noexcept {
  return report_.attempt("IExecutionContext::setCommunicator", [&] {
    const auto* text = static_cast<const char*>(communicator);
    context_->set_communicator(text ? parse_communicator(text) : Communicator{});
  });
}

}  // namespace torchtrt::engine::api

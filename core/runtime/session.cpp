// Session: loading a plan, its context, and what may be changed between runs.
#include "core/runtime/session.h"

#include <ATen/ops/empty.h>
#include <c10/core/DeviceGuard.h>

#include <optional>
#include <utility>

#include "core/provider/provider.h"
#include "core/runtime/device.h"
#include "core/runtime/engine_info.h"
#include "core/runtime/logger.h"
#include "core/runtime/session_require.h"
#include "core/util/error.h"

namespace torchtrt::runtime {
namespace {

constexpr int64_t kPlaceholderBytes = 256;

std::optional<c10::Device> guarded(c10::Device device) {
  return device.is_cuda() ? std::optional(device) : std::nullopt;
}

void check_runnable(const EngineInfo& info) {
  TORCHTRT_REQUIRE(
      kCorruptPlan, !info.engine.empty(), "Engine '", info.name,
      "' has no plan: field 3 (ENGINE) is empty. Save the module with its engine, not with metadata only.");
  TORCHTRT_REQUIRE(kInvalidState, info.platform == current_platform(), "Engine '", info.name, "' was built for ",
                   info.platform, ", this is ", current_platform(), ". Compile the model on this platform.");
  TORCHTRT_REQUIRE(kUnsupported, !info.requires_native_multidevice, "Engine '", info.name,
                   "' exchanges tensors with other devices, which this version does not do. "
                   "Keep the collective operators in PyTorch: torch_executed_ops.");
  TORCHTRT_REQUIRE(kUnsupported, info.aliased_io.empty(), "Engine '", info.name, "' has outputs that alias inputs (",
                   info.aliased_io, "), which this version does not run. Compile the model without them.");
}

}  // namespace

Session::Session(EngineInfo& info) : name_(info.name), device_(at::kCPU) {
  if (info.platform.empty()) info.platform = current_platform();
  check_runnable(info);
  device_ = device_of(info.device, info.name);
  if (info.device.empty()) info.device = text_of(device_);
  options_.dynamic_resources = info.dynamic_resources;

  const c10::OptionalDeviceGuard present(guarded(device_));  // engines belong to the device they are loaded on
  ErrorCapture errors;
  runtime_.reset(provider::create_runtime(engine_logger()));
  engine_.reset(runtime_->deserializeCudaEngine(info.engine.data(), info.engine.size()));
  TORCHTRT_REQUIRE(kCorruptPlan, engine_ != nullptr, "Engine '", name_, "' (", info.engine.size(),
                   " bytes) cannot be loaded: ", errors.text(), "\nCompile the model again, or restore the file.");
  bindings_ = read_bindings(*engine_, info);
  allocators_.resize(bindings_.outputs.size());
  const auto bytes = at::TensorOptions().dtype(at::kByte);
  placeholder_ = at::empty({kPlaceholderBytes}, bytes.device(device_));
  host_placeholder_ = at::empty({kPlaceholderBytes}, bytes);
  create_context();
}

Session::~Session() = default;

void Session::create_context() {
  using Strategy = nvinfer1::ExecutionContextAllocationStrategy;
  const c10::OptionalDeviceGuard present(guarded(device_));
  ErrorCapture errors;
  context_.reset();
  context_.reset(
      engine_->createExecutionContext(options_.dynamic_resources ? Strategy::kUSER_MANAGED : Strategy::kSTATIC));
  TORCHTRT_REQUIRE(kExecution, context_ != nullptr, "Engine '", name_,
                   "': no execution context could be made: ", errors.text());
  ++contexts_created_;
  for (Binding& binding : bindings_.inputs) binding.forget();
  for (Binding& binding : bindings_.outputs) binding.forget();
  for (auto& allocator : allocators_) allocator.reset();
  next_outputs_.clear();
  shapes_changed_ = true;
  if (options_.profile_phases) context_->setProfiler(&layer_times_);
  if (profile_ != 0) set_profile(std::exchange(profile_, 0));
}

void Session::set_profile(int index) {
  if (index == profile_) return;
  const int count = engine_->getNbOptimizationProfiles();
  TORCHTRT_REQUIRE(kInvalidArgument, index >= 0 && index < count, "Engine '", name_, "' has ", count,
                   " optimization profile(s), 0 to ", count - 1, "; got ", index, ".");
  require("could not switch its optimization profile", nullptr,
          [&] { return context_->setOptimizationProfileAsync(index, current_stream(device_)); });
  profile_ = index;
  for (Binding& binding : bindings_.inputs) binding.forget();
  shapes_changed_ = true;
}

void Session::set_dynamic_resources(bool dynamic) {
  if (std::exchange(options_.dynamic_resources, dynamic) == dynamic) return;
  scratch_ = at::Tensor();
  create_context();
}

void Session::set_profiling(bool on) {
  options_.profile_phases = on;
  context_->setProfiler(on ? &layer_times_ : nullptr);
}

void Session::set_weight_budget(int64_t bytes) {
  TORCHTRT_REQUIRE(kInvalidArgument, bytes >= 0, "Engine '", name_,
                   "': a weight streaming budget is a number of bytes, got ", bytes, ".");
  context_.reset();  // the engine refuses while one exists
  ErrorCapture errors;
  const bool accepted = engine_->setWeightStreamingBudgetV2(bytes);
  const std::string reason = errors.text();
  create_context();
  TORCHTRT_REQUIRE(kInvalidArgument, accepted, "Engine '", name_, "' refused the weight streaming budget of ", bytes,
                   " bytes (", engine_->getStreamableWeightsSize(), " bytes are streamable): ", reason,
                   ". Build with enable_weight_streaming=True to stream weights.");
}

std::string Session::layer_info() const {
  ErrorCapture errors;
  const std::unique_ptr<nvinfer1::IEngineInspector> inspector(engine_->createEngineInspector());
  const char* text = inspector ? inspector->getEngineInformation(nvinfer1::LayerInformationFormat::kJSON) : nullptr;
  TORCHTRT_REQUIRE(kExecution, text != nullptr, "Engine '", name_, "' cannot be inspected: ", errors.text());
  return text;
}

}  // namespace torchtrt::runtime

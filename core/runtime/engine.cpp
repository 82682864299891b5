// Engine: the lock and the words around a Session.
#include "core/runtime/engine.h"

#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/ops/empty.h>

#include <cstring>
#include <filesystem>
#include <utility>

#include "core/runtime/base64.h"
#include "core/runtime/session.h"
#include "core/runtime/traces.h"
#include "core/runtime/types.h"
#include "core/util/error.h"
#include "core/util/span.h"

namespace torchtrt::runtime {

Engine::Engine(EngineInfo info) : info_(std::move(info)), session_(std::make_unique<Session>(info_)) {
  profile_path_prefix_ = std::filesystem::temp_directory_path().string();
}

Engine::Engine(std::vector<std::string> fields) : Engine(EngineInfo::parse(std::move(fields))) {}

Engine::~Engine() = default;

std::vector<at::Tensor> Engine::execute(at::TensorList inputs) {
  std::lock_guard lock(mutex_);
  return session_->run(inputs);
}

std::vector<at::Tensor> Engine::infer_outputs(const std::vector<std::vector<int64_t>>& input_shapes) {
  std::lock_guard lock(mutex_);
  return session_->infer_outputs(input_shapes);
}

std::string Engine::to_string() const {
  std::lock_guard lock(mutex_);
  std::ostringstream out;
  const auto print = [&](const char* title, const std::vector<Binding>& bindings) {
    out << "  " << title << ":\n";
    for (const Binding& binding : bindings) {
      out << "    " << binding.name << ": " << name_of(binding.dtype) << ' ' << list_of(binding.dims);
      if (!binding.fixed && !binding.ranges.empty()) out << ", allows " << describe(binding, session_->profile());
      out << '\n';
    }
  };
  out << "Engine '" << info_.name << "' on " << session_->device() << " (" << info_.device << "), "
      << info_.engine.size() << " bytes\n";
  print("Inputs", session_->bindings().inputs);
  print("Outputs", session_->bindings().outputs);
  out << "  Hardware compatible: " << (info_.hardware_compatible ? "yes" : "no") << ", platform " << info_.platform;
  return out.str();
}

std::string Engine::bindings_json() const {
  std::lock_guard lock(mutex_);
  const Bindings& bindings = session_->bindings();
  return join("{\"device\": \"", session_->device(), "\", \"inputs\": ", to_json(bindings.inputs),
              ", \"outputs\": ", to_json(bindings.outputs), "}");
}

Engine::Flat Engine::obj_flatten() const {
  std::lock_guard lock(mutex_);
  const std::vector<std::string> text = to_text(info_.fields());
  const auto pair = [&](const char* key, InfoField field) { return std::make_tuple(std::string(key), text[field]); };
  return {pair("version", ABI_TARGET_IDX),
          pair("name", NAME_IDX),
          pair("device_info", DEVICE_IDX),
          pair("serialized_engine", ENGINE_IDX),
          {"in_binding_names", info_.inputs},
          {"out_binding_names", info_.outputs},
          pair("hardware_compatible", HW_COMPATIBLE_IDX),
          pair("serialized_metadata", SERIALIZED_METADATA_IDX),
          pair("requires_output_allocator", REQUIRES_OUTPUT_ALLOCATOR_IDX),
          pair("target_platform", TARGET_PLATFORM_IDX),
          pair("resource_allocation_strategy", RESOURCE_ALLOCATION_STRATEGY_IDX),
          pair("requires_native_multidevice", REQUIRES_NATIVE_MULTIDEVICE_IDX),
          pair("aliased_io", ALIASED_IO_IDX)};
}

std::vector<std::string> Engine::state() const {
  std::lock_guard lock(mutex_);
  return to_text(info_.fields());
}

std::vector<std::string> Engine::metadata_only() const {
  std::lock_guard lock(mutex_);
  std::vector<std::string> fields = info_.fields();
  fields[ENGINE_IDX].clear();
  return fields;
}

std::string Engine::serialized_metadata() const {
  std::lock_guard lock(mutex_);
  return info_.metadata;
}

void Engine::set_serialized_metadata(std::string metadata) {
  std::lock_guard lock(mutex_);
  info_.metadata = std::move(metadata);
}

at::Tensor Engine::serialized_engine_tensor() const {
  at::Tensor bytes = at::empty({static_cast<int64_t>(info_.engine.size())}, at::kByte);
  std::memcpy(bytes.mutable_data_ptr(), info_.engine.data(), info_.engine.size());
  return bytes;
}

std::string Engine::layer_info() const {
  std::lock_guard lock(mutex_);
  return session_->layer_info();
}

void Engine::dump_layer_info(const std::string& path) const {
  write_file(path.empty() ? profile_path_prefix() + "/" + info_.name + "_layer_information.json" : path, layer_info());
}

void Engine::enable_profiling() {
  std::lock_guard lock(mutex_);
  session_->options().trace_prefix = profile_path_prefix_;
  session_->set_profiling(true);
}

void Engine::disable_profiling() {
  std::lock_guard lock(mutex_);
  session_->set_profiling(false);
}

void Engine::set_profile_format(const std::string& format) {
  TORCHTRT_REQUIRE(kInvalidArgument, format == "perfetto" || format == "trex", "Profile format '", format,
                   "' does not exist; 'perfetto' and 'trex' do.");
  std::lock_guard lock(mutex_);
  session_->options().trace_format = format;
}

std::string Engine::profile_path_prefix() const {
  std::lock_guard lock(mutex_);
  return profile_path_prefix_;
}

void Engine::set_profile_path_prefix(const std::string& prefix) {
  std::lock_guard lock(mutex_);
  profile_path_prefix_ = prefix;
  session_->options().trace_prefix = prefix;
}

void Engine::set_unowned_outputs(bool unowned) {
  std::lock_guard lock(mutex_);
  unowned_outputs_ = unowned;
}

bool Engine::unowned_outputs() const {
  std::lock_guard lock(mutex_);
  return unowned_outputs_;
}

void Engine::set_pre_allocated_outputs(bool on) {
  std::lock_guard lock(mutex_);
  session_->options().pre_allocate = on;
  if (!on) session_->drop_next_outputs();
}

bool Engine::pre_allocated_outputs() const {
  std::lock_guard lock(mutex_);
  return session_->options().pre_allocate;
}

std::vector<at::Tensor> Engine::next_outputs() const {
  std::lock_guard lock(mutex_);
  return session_->next_outputs();
}

void Engine::set_output_allocator(bool on) {
  std::lock_guard lock(mutex_);
  session_->options().allocator_for_all = on;
}

bool Engine::output_allocator() const {
  std::lock_guard lock(mutex_);
  return session_->options().allocator_for_all;
}

void Engine::set_dynamic_resources(bool dynamic) {
  std::lock_guard lock(mutex_);
  session_->set_dynamic_resources(dynamic);
  info_.dynamic_resources = dynamic;
}

int64_t Engine::weight_budget() const {
  std::lock_guard lock(mutex_);
  return session_->engine().getWeightStreamingBudgetV2();
}

void Engine::set_weight_budget(int64_t bytes) {
  std::lock_guard lock(mutex_);
  session_->set_weight_budget(bytes);
}

int64_t Engine::streamable_weights() const {
  std::lock_guard lock(mutex_);
  return session_->engine().getStreamableWeightsSize();
}

int64_t Engine::automatic_weight_budget() const {
  std::lock_guard lock(mutex_);
  return session_->engine().getWeightStreamingAutomaticBudget();
}

int64_t Engine::profile_count() const {
  std::lock_guard lock(mutex_);
  return session_->engine().getNbOptimizationProfiles();
}

int64_t Engine::active_profile() const {
  std::lock_guard lock(mutex_);
  return session_->profile();
}

void Engine::set_active_profile(int64_t index) {
  std::lock_guard lock(mutex_);
  session_->set_profile(static_cast<int>(index));
}

bool Engine::auto_select_profiles() const {
  std::lock_guard lock(mutex_);
  return session_->options().auto_profile;
}

void Engine::set_auto_select_profiles(bool on) {
  std::lock_guard lock(mutex_);
  session_->options().auto_profile = on;
}

int64_t Engine::contexts_created() const {
  std::lock_guard lock(mutex_);
  return session_->contexts_created();
}

std::vector<at::Tensor> execute_engine(at::TensorList inputs, const c10::intrusive_ptr<Engine>& engine) {
  return engine->execute(inputs);
}

std::vector<at::Tensor> call_execute_engine(at::TensorList inputs, const c10::intrusive_ptr<Engine>& engine) {
  using Signature = std::vector<at::Tensor>(at::TensorList, const c10::intrusive_ptr<Engine>&);
  static const auto op =
      c10::Dispatcher::singleton().findSchemaOrThrow("tensorrt::execute_engine", "").typed<Signature>();
  return op.call(inputs, engine);
}

}  // namespace torchtrt::runtime

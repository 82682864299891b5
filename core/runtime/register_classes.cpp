// torch.classes.tensorrt.Engine and RuntimeCacheHandle: names fixed by the public package.
#include "core/runtime/register_classes.h"

#include <torch/custom_class.h>

#include <string>
#include <vector>

#include "core/runtime/engine.h"
#include "core/runtime/runtime_cache.h"
#include "core/util/error.h"

namespace torchtrt::runtime {
namespace {

using EnginePtr = c10::intrusive_ptr<Engine>;
using CachePtr = c10::intrusive_ptr<RuntimeCacheHandle>;

[[noreturn]] void refuse_collectives(const EnginePtr& engine) {
  TORCHTRT_THROW(kUnsupported, "Engine '", engine->info().name,
                 "' has no communicator: this version runs engines on one device. Keep the collective operators in "
                 "PyTorch: torch_executed_ops.");
}

void update_runtime_settings(const EnginePtr& engine, int64_t specialization, int64_t graphs,
                             const std::optional<CachePtr>& cache) {
  TORCHTRT_REQUIRE(kUnsupported, specialization == 0 && graphs == 0 && !cache, "Engine '", engine->info().name,
                   "': runtime settings other than the defaults exist for TensorRT-RTX only. Leave them out.");
}

template <class Class>
void define_inspection(Class& c) {
  c.def("__str__", &Engine::to_string)
      .def("__repr__", &Engine::to_string)
      .def("__obj_flatten__", &Engine::obj_flatten)
      // By identity: tracers keep results by the engine they came from.
      .def("__eq__",
           [](const EnginePtr& self, const c10::IValue& other) {
             return other.isObject() && other.type() == c10::getCustomClassType<EnginePtr>() &&
                    other.toCustomClass<Engine>().get() == self.get();
           })
      .def("tracing_mode", [](const EnginePtr&) { return std::string("real"); })
      .def("info_as_text", &Engine::state)
      .def("serialize_metadata_only", &Engine::metadata_only)
      .def("serialized_engine_tensor", &Engine::serialized_engine_tensor)
      .def("get_serialized_metadata", &Engine::serialized_metadata)
      .def("set_serialized_metadata", &Engine::set_serialized_metadata)
      .def("get_engine_layer_info", &Engine::layer_info)
      .def("dump_engine_layer_info_to_file", &Engine::dump_layer_info)
      .def("dump_engine_layer_info", [](const EnginePtr& self) { self->dump_layer_info(""); })
      .def("infer_outputs", &Engine::infer_outputs)
      .def("bindings_json", &Engine::bindings_json)
      .def_property("num_execution_contexts_created", &Engine::contexts_created);
}

template <class Class>
void define_outputs(Class& c) {
  c.def("set_output_tensors_as_unowned", &Engine::set_unowned_outputs)
      .def("are_output_tensors_unowned", &Engine::unowned_outputs)
      .def_property("use_pre_allocated_outputs", &Engine::pre_allocated_outputs, &Engine::set_pre_allocated_outputs)
      .def_property("use_output_allocator_outputs", &Engine::output_allocator, &Engine::set_output_allocator)
      .def_property("pre_allocated_outputs", &Engine::next_outputs);
}

template <class Class>
void define_profiling(Class& c) {
  c.def("enable_profiling", &Engine::enable_profiling)
      .def("disable_profiling", &Engine::disable_profiling)
      .def("set_profile_format", &Engine::set_profile_format)
      .def_property("profile_path_prefix", &Engine::profile_path_prefix, &Engine::set_profile_path_prefix);
}

template <class Class>
void define_memory_and_profiles(Class& c) {
  c.def("use_dynamically_allocated_resources", &Engine::set_dynamic_resources)
      // CUDA graphs are recorded by the Python module that holds the engine (Note [CUDA graphs]): nothing to drop here.
      .def("reset_captured_graph", [](const EnginePtr&) {})
      .def("update_runtime_settings", &update_runtime_settings)
      .def("set_active_profile", &Engine::set_active_profile)
      .def_property("device_memory_budget", &Engine::weight_budget, &Engine::set_weight_budget)
      .def_property("streamable_device_memory_budget", &Engine::streamable_weights)
      .def_property("automatic_device_memory_budget", &Engine::automatic_weight_budget)
      .def_property("num_optimization_profiles", &Engine::profile_count)
      .def_property("_active_profile_index", &Engine::active_profile)
      .def_property("_auto_select_profiles", &Engine::auto_select_profiles, &Engine::set_auto_select_profiles);
}

template <class Class>
void define_collectives(Class& c) {
  c.def_property("requires_native_multidevice",
                 [](const EnginePtr& self) { return self->info().requires_native_multidevice; })
      .def_property("rank", [](const EnginePtr&) -> int64_t { return 0; })
      .def_property("world_size", [](const EnginePtr&) -> int64_t { return 1; })
      .def_property("nccl_initialized", [](const EnginePtr&) { return false; })
      .def("set_group_name", [](const EnginePtr& self, const std::string&) { refuse_collectives(self); })
      .def("bind_nccl_comm", [](const EnginePtr& self) { refuse_collectives(self); })
      .def("release_nccl_comm", [](const EnginePtr&) {});
}

}  // namespace

void register_classes(torch::Library& m) {
  m.class_<RuntimeCacheHandle>("RuntimeCacheHandle")
      .def(torch::init<std::string>())
      .def("has_cache", &RuntimeCacheHandle::has_cache)
      .def("serialize", &RuntimeCacheHandle::serialize)
      .def("deserialize", &RuntimeCacheHandle::deserialize)
      .def_pickle([](const CachePtr& self) { return self->path(); },
                  [](std::string path) { return c10::make_intrusive<RuntimeCacheHandle>(std::move(path)); });
  auto engine = m.class_<Engine>("Engine");
  engine.def(torch::init<std::vector<std::string>>())
      .def_pickle(
          [](const EnginePtr& self) { return self->state(); },
          [](std::vector<std::string> state) { return c10::make_intrusive<Engine>(from_text(std::move(state))); });
  define_inspection(engine);
  define_outputs(engine);
  define_profiling(engine);
  define_memory_and_profiles(engine);
  define_collectives(engine);
}

}  // namespace torchtrt::runtime

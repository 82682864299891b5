// torch.ops.tensorrt.*: running an engine, the places of the info list, the modes of the process. One door, one file.
#include <torch/library.h>

#include <string>

#include "core/runtime/engine.h"
#include "core/runtime/modes.h"
#include "core/runtime/register_classes.h"
#include "core/util/error.h"
#include "core/util/log.h"

namespace torchtrt::runtime {
namespace {

template <int64_t kValue>
int64_t number() {
  return kValue;
}

std::string delimiter() { return std::string(1, kDelimiter); }

void set_logging_level(int64_t level) {
  TORCHTRT_REQUIRE(kInvalidArgument, level >= 0 && level <= 5, "Logging level ", level,
                   " does not exist; 0 (internal errors) to 5 (graphs) do.");
  set_log_level(static_cast<LogLevel>(level));
}

void register_places(torch::Library& m) {
#define TORCHTRT_PLACE(name) m.def(#name, &number<name>)
  TORCHTRT_PLACE(ABI_TARGET_IDX);
  TORCHTRT_PLACE(NAME_IDX);
  TORCHTRT_PLACE(DEVICE_IDX);
  TORCHTRT_PLACE(ENGINE_IDX);
  TORCHTRT_PLACE(INPUT_BINDING_NAMES_IDX);
  TORCHTRT_PLACE(OUTPUT_BINDING_NAMES_IDX);
  TORCHTRT_PLACE(HW_COMPATIBLE_IDX);
  TORCHTRT_PLACE(SERIALIZED_METADATA_IDX);
  TORCHTRT_PLACE(TARGET_PLATFORM_IDX);
  TORCHTRT_PLACE(REQUIRES_OUTPUT_ALLOCATOR_IDX);
  TORCHTRT_PLACE(RESOURCE_ALLOCATION_STRATEGY_IDX);
  TORCHTRT_PLACE(REQUIRES_NATIVE_MULTIDEVICE_IDX);
  TORCHTRT_PLACE(ALIASED_IO_IDX);
  TORCHTRT_PLACE(SERIALIZATION_LEN);
#undef TORCHTRT_PLACE
}

void register_platforms(torch::Library& m) {
  m.def("_platform_linux_x86_64", [] { return std::string("linux_x86_64"); });
  m.def("_platform_linux_aarch64", [] { return std::string("linux_aarch64"); });
  m.def("_platform_win_x86_64", [] { return std::string("windows_x86_64"); });
  m.def("_platform_win_arm64", [] { return std::string("windows_arm64"); });
  m.def("_platform_unknown", [] { return std::string("unknown"); });
  m.def("get_current_platform", [] { return std::string(current_platform()); });
}

void register_modes(torch::Library& m) {
  m.def("get_multi_device_safe_mode", &multi_device_safe_mode);
  m.def("set_multi_device_safe_mode", &set_multi_device_safe_mode);
  m.def("get_cudagraphs_mode", [] { return static_cast<int64_t>(cudagraphs_mode()); });
  m.def("set_cudagraphs_mode", &set_cudagraphs_mode);
  m.def("get_logging_level", [] { return static_cast<int64_t>(log_level()); });
  m.def("set_logging_level", &set_logging_level);
  m.def("NATIVE_TRT_COLLECTIVES_AVAIL", [] { return false; });
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(tensorrt, m) {
  register_classes(m);  // before the schema that names one of them
  m.def("execute_engine(Tensor[] input_tensors, __torch__.torch.classes.tensorrt.Engine engine) -> Tensor[]",
        {at::Tag::pt2_compliant_tag});
  m.def("SERIALIZED_ENGINE_BINDING_DELIM", &delimiter);
  m.def("SERIALIZED_RT_DEVICE_DELIM", &delimiter);
  m.def("ABI_VERSION", [] { return std::string(kAbiVersion); });
  register_places(m);
  register_platforms(m);
  register_modes(m);
}

TORCH_LIBRARY_IMPL(tensorrt, CompositeExplicitAutograd, m) { m.impl("execute_engine", &execute_engine); }

}  // namespace torchtrt::runtime

// EngineInfo: the 13 fields an engine travels as, and their place in the list of strings.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace torchtrt::runtime {

// The version of the list; an engine of another version is refused.
inline constexpr const char* kAbiVersion = "10";
// Joins binding names (fields 4, 5, 12) and the parts of a device (field 2).
inline constexpr char kDelimiter = '%';

// Places in the list. The numbers are the public package's and never change.
enum InfoField : int64_t {
  ABI_TARGET_IDX = 0,
  NAME_IDX,
  DEVICE_IDX,
  ENGINE_IDX,
  INPUT_BINDING_NAMES_IDX,
  OUTPUT_BINDING_NAMES_IDX,
  HW_COMPATIBLE_IDX,
  SERIALIZED_METADATA_IDX,
  TARGET_PLATFORM_IDX,
  REQUIRES_OUTPUT_ALLOCATOR_IDX,
  RESOURCE_ALLOCATION_STRATEGY_IDX,
  REQUIRES_NATIVE_MULTIDEVICE_IDX,
  ALIASED_IO_IDX,
  SERIALIZATION_LEN,
};

// What an engine is made of, in words of C++. Constraints that parse() enforces, cited in the tests:
//   c1  exactly 13 fields
//   c2  field 0 is this build's ABI version
//   c3  flags are "0" or "1"
//   c4  no binding name is empty, none appears twice
//   c5  an engine that can run has engine bytes
//   c6  aliased pairs read out@in@kind and name bindings of this engine
struct EngineInfo {
  std::string name;
  std::string device;                // "id%major%minor%type%name"; empty: the device of the moment it is made
  std::string engine;                // bytes of the plan, raw
  std::vector<std::string> inputs;   // binding names in the order of the arguments; empty: the engine's own order
  std::vector<std::string> outputs;  // binding names in the order of the results; empty: the engine's own order
  bool hardware_compatible = false;
  std::string metadata;  // base64 of JSON; the runtime only carries it
  std::string platform;  // empty: this machine's
  bool requires_output_allocator = false;
  bool dynamic_resources = false;
  bool requires_native_multidevice = false;
  std::string aliased_io;  // "out@in@kind" entries joined by '%'

  // Reads the list; throws Error that names the field. `engine` is raw bytes here.
  static EngineInfo parse(std::vector<std::string> fields);
  // The list again; parse(fields()) gives an equal EngineInfo.
  std::vector<std::string> fields() const;
};

// Pickles, TorchScript files and .pt2 archives hold text: the same list with field 3 in base64.
std::vector<std::string> to_text(std::vector<std::string> fields);
std::vector<std::string> from_text(std::vector<std::string> fields);

std::vector<std::string> split(const std::string& text, char delimiter);
std::string join_names(const std::vector<std::string>& names, char delimiter = kDelimiter);

// "linux_x86_64", "linux_aarch64", "windows_x86_64", "windows_arm64" or "unknown": the machine this was compiled for.
const char* current_platform();

}  // namespace torchtrt::runtime

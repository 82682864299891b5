// EngineInfo: reading and writing the list of strings an engine travels as.
#include "core/runtime/engine_info.h"

#include <algorithm>
#include <set>
#include <utility>

#include "core/runtime/base64.h"
#include "core/util/error.h"

namespace torchtrt::runtime {
namespace {

const char* const kFieldNames[SERIALIZATION_LEN] = {
    "ABI_TARGET",
    "NAME",
    "DEVICE",
    "ENGINE",
    "INPUT_BINDING_NAMES",
    "OUTPUT_BINDING_NAMES",
    "HW_COMPATIBLE",
    "SERIALIZED_METADATA",
    "TARGET_PLATFORM",
    "REQUIRES_OUTPUT_ALLOCATOR",
    "RESOURCE_ALLOCATION_STRATEGY",
    "REQUIRES_NATIVE_MULTIDEVICE",
    "ALIASED_IO",
};

void check_length(const std::vector<std::string>& fields) {
  TORCHTRT_REQUIRE(kCorruptPlan, fields.size() == SERIALIZATION_LEN, "Engine info has ", fields.size(),
                   " fields, expected ", int(SERIALIZATION_LEN), " (ABI ", kAbiVersion,
                   "). It was written by another version; compile the model again with this one.");  // c1
}

bool flag(const std::vector<std::string>& fields, InfoField field) {
  const std::string& text = fields[field];
  TORCHTRT_REQUIRE(kCorruptPlan, text == "0" || text == "1", "Engine info field ", int(field), " (", kFieldNames[field],
                   ") is '", text, "', expected \"0\" or \"1\".");  // c3
  return text == "1";
}

std::vector<std::string> binding_names(const std::vector<std::string>& fields, InfoField field) {
  std::vector<std::string> names = split(fields[field], kDelimiter);
  std::set<std::string> seen;
  for (const std::string& name : names) {
    TORCHTRT_REQUIRE(kCorruptPlan, !name.empty() && seen.insert(name).second, "Engine info field ", int(field), " (",
                     kFieldNames[field], "): binding name '", name, "' is ", name.empty() ? "empty" : "there twice",
                     " in '", fields[field], "'. Names have to be unique and free of '%'.");  // c4
  }
  return names;
}

void check_aliases(const EngineInfo& info) {
  const auto has = [](const std::vector<std::string>& names, const std::string& name) {
    return names.empty() || std::find(names.begin(), names.end(), name) != names.end();
  };
  for (const std::string& entry : split(info.aliased_io, kDelimiter)) {
    const std::vector<std::string> parts = split(entry, '@');
    TORCHTRT_REQUIRE(kCorruptPlan, parts.size() == 3 && has(info.outputs, parts[0]) && has(info.inputs, parts[1]),
                     "Engine info field 12 (ALIASED_IO): '", entry,
                     "' is not out@in@kind with names of this engine's bindings.");  // c6
  }
}

}  // namespace

EngineInfo EngineInfo::parse(std::vector<std::string> fields) {
  check_length(fields);
  TORCHTRT_REQUIRE(kCorruptPlan, fields[ABI_TARGET_IDX] == kAbiVersion, "Engine '", fields[NAME_IDX],
                   "' was written for ABI ", fields[ABI_TARGET_IDX], ", this runtime reads ABI ", kAbiVersion,
                   ". Compile the model again with this version.");  // c2
  EngineInfo info;
  info.hardware_compatible = flag(fields, HW_COMPATIBLE_IDX);
  info.requires_output_allocator = flag(fields, REQUIRES_OUTPUT_ALLOCATOR_IDX);
  info.dynamic_resources = flag(fields, RESOURCE_ALLOCATION_STRATEGY_IDX);
  info.requires_native_multidevice = flag(fields, REQUIRES_NATIVE_MULTIDEVICE_IDX);
  info.inputs = binding_names(fields, INPUT_BINDING_NAMES_IDX);
  info.outputs = binding_names(fields, OUTPUT_BINDING_NAMES_IDX);
  info.name = std::move(fields[NAME_IDX]);
  info.device = std::move(fields[DEVICE_IDX]);
  info.engine = std::move(fields[ENGINE_IDX]);
  info.metadata = std::move(fields[SERIALIZED_METADATA_IDX]);
  info.platform = std::move(fields[TARGET_PLATFORM_IDX]);
  info.aliased_io = std::move(fields[ALIASED_IO_IDX]);
  check_aliases(info);
  return info;
}

std::vector<std::string> EngineInfo::fields() const {
  std::vector<std::string> fields(SERIALIZATION_LEN);
  const auto text_of = [](bool value) { return std::string(value ? "1" : "0"); };
  fields[ABI_TARGET_IDX] = kAbiVersion;
  fields[NAME_IDX] = name;
  fields[DEVICE_IDX] = device;
  fields[ENGINE_IDX] = engine;
  fields[INPUT_BINDING_NAMES_IDX] = join_names(inputs);
  fields[OUTPUT_BINDING_NAMES_IDX] = join_names(outputs);
  fields[HW_COMPATIBLE_IDX] = text_of(hardware_compatible);
  fields[SERIALIZED_METADATA_IDX] = metadata;
  fields[TARGET_PLATFORM_IDX] = platform;
  fields[REQUIRES_OUTPUT_ALLOCATOR_IDX] = text_of(requires_output_allocator);
  fields[RESOURCE_ALLOCATION_STRATEGY_IDX] = text_of(dynamic_resources);
  fields[REQUIRES_NATIVE_MULTIDEVICE_IDX] = text_of(requires_native_multidevice);
  fields[ALIASED_IO_IDX] = aliased_io;
  return fields;
}

std::vector<std::string> to_text(std::vector<std::string> fields) {
  check_length(fields);
  fields[ENGINE_IDX] = encode_base64(fields[ENGINE_IDX]);
  return fields;
}

std::vector<std::string> from_text(std::vector<std::string> fields) {
  check_length(fields);
  fields[ENGINE_IDX] = decode_base64(fields[ENGINE_IDX]);
  return fields;
}

std::vector<std::string> split(const std::string& text, char delimiter) {
  std::vector<std::string> parts;
  if (text.empty()) return parts;
  size_t begin = 0;
  for (size_t end = text.find(delimiter); end != std::string::npos; end = text.find(delimiter, begin)) {
    parts.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  parts.push_back(text.substr(begin));
  return parts;
}

std::string join_names(const std::vector<std::string>& names, char delimiter) {
  std::string text;
  for (const std::string& name : names) {
    TORCHTRT_REQUIRE(kInvalidArgument, !name.empty() && name.find(delimiter) == std::string::npos, "Binding name '",
                     name, "' is empty or contains '", delimiter, "', which joins names. Rename the input or output.");
    if (!text.empty()) text += delimiter;
    text += name;
  }
  return text;
}

const char* current_platform() {
#if defined(__linux__) && defined(__x86_64__)
  return "linux_x86_64";
#elif defined(__linux__) && defined(__aarch64__)
  return "linux_aarch64";
#elif defined(_WIN32) && defined(_M_X64)
  return "windows_x86_64";
#elif defined(_WIN32) && defined(_M_ARM64)
  return "windows_arm64";
#else
  return "unknown";
#endif
}

}  // namespace torchtrt::runtime

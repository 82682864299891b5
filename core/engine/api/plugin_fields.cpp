// Plugin fields: name, type, length and data of each, one after the other.
#include "core/engine/api/plugin_fields.h"

#include <cstddef>
#include <cstring>

#include "core/engine/file/cursor.h"

namespace torchtrt::engine::api {
namespace {

// Bits of one element, by the number of the type. kUNKNOWN counts bytes.
constexpr int64_t kBits[] = {16, 32, 64, 8, 16, 32, 8, int64_t{8} * sizeof(nv::Dims), 8, 16, 64, 8, 4, 4};
static_assert(std::size(kBits) == static_cast<size_t>(nv::PluginFieldType::kFP4) + 1);

int64_t bytes_of(int64_t type, int64_t length) { return (kBits[type] * length + 7) / 8; }

void write_field(Writer& out, const nv::PluginField& field) {
  const auto type = static_cast<int64_t>(field.type);
  const char* name = field.name ? field.name : "";
  TORCHTRT_REQUIRE(kInvalidArgument, type >= 0 && type < std::ssize(kBits), "plugin field \"", name, "\" has type ",
                   type, ", which does not exist");
  TORCHTRT_REQUIRE(kInvalidArgument, field.length >= 0, "plugin field \"", name, "\" has length ", field.length);
  TORCHTRT_REQUIRE(kInvalidArgument, field.length == 0 || field.data, "plugin field \"", name, "\" has ", field.length,
                   " elements at address null");
  out.put(std::string(name));
  out.put(type);
  out.put(int64_t{field.length});
  out.put(std::string(static_cast<const char*>(field.length ? field.data : ""),
                      static_cast<size_t>(bytes_of(type, field.length))));
}

}  // namespace

std::string write_fields(const nv::PluginFieldCollection& fields) {
  TORCHTRT_REQUIRE(kInvalidArgument, fields.nbFields >= 0 && (fields.nbFields == 0 || fields.fields), fields.nbFields,
                   " plugin fields at address null");
  Writer out;
  out.put(static_cast<uint64_t>(fields.nbFields));
  for (int32_t i = 0; i < fields.nbFields; ++i) write_field(out, fields.fields[i]);
  const Bytes bytes = out.take();
  return std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

FieldList::FieldList(const std::string& bytes) {
  Cursor in(std::as_bytes(std::span(bytes)));
  for (auto left = in.get_count(32); left > 0; --left) {
    Held& held = held_.emplace_back();
    held.name = in.get<std::string>();
    const auto type = in.get<int64_t>(), length = in.get<int64_t>();
    const auto data = in.get<std::string>();
    TORCHTRT_REQUIRE(kCorruptPlan,
                     type >= 0 && type < std::ssize(kBits) && length >= 0 && length <= INT32_MAX &&
                         bytes_of(type, length) == std::ssize(data),
                     "the plan is damaged: field \"", held.name, "\" of a plugin");
    held.data.resize(data.size() / sizeof(std::max_align_t) + 1);
    std::memcpy(held.data.data(), data.data(), data.size());
    fields_.emplace_back(held.name.c_str(), held.data.data(), static_cast<nv::PluginFieldType>(type),
                         static_cast<int32_t>(length));
  }
  in.finish();
  collection_ = {static_cast<int32_t>(fields_.size()), fields_.data()};
}

}  // namespace torchtrt::engine::api

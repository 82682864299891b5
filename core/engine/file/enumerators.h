// Which numbers an attribute of an enumeration type may have: kernels look enumerators up in tables.
#pragma once

#include <cstdint>
#include <string_view>

namespace torchtrt::engine {

// False: the attribute is an enumeration without such an enumerator. Other attributes: true.
bool is_allowed(std::string_view kind, std::string_view field, int64_t value);

// "kExp"; empty for other attributes and numbers.
std::string_view enumerator_name(std::string_view kind, std::string_view field, int64_t value);
bool is_dtype_field(std::string_view kind, std::string_view field);

}  // namespace torchtrt::engine

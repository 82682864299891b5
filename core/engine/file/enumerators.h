// Which numbers an attribute of an enumeration type may have: kernels look enumerators up in tables.
#pragma once

#include <cstdint>
#include <string_view>

namespace torchtrt::engine {

// False: the attribute is an enumeration without such an enumerator. Other attributes: true.
bool is_allowed(std::string_view kind, std::string_view field, int64_t value);

}  // namespace torchtrt::engine

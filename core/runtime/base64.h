// base64 (RFC 4648, padded): plan bytes inside lists of text.
#pragma once

#include <string>
#include <string_view>

namespace torchtrt::runtime {

std::string encode_base64(std::string_view bytes);
// Throws Error for anything that encode_base64 could not have written.
std::string decode_base64(std::string_view text);

}  // namespace torchtrt::runtime

// base64 (RFC 4648, padded).
#include "core/runtime/base64.h"

#include <array>
#include <cstdint>

#include "core/util/error.h"

namespace torchtrt::runtime {
namespace {

constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr uint8_t kInvalid = 0xFF;

constexpr std::array<uint8_t, 256> make_values() {
  std::array<uint8_t, 256> values{};
  values.fill(kInvalid);
  for (size_t i = 0; i < kAlphabet.size(); ++i) values[static_cast<uint8_t>(kAlphabet[i])] = static_cast<uint8_t>(i);
  return values;
}
constexpr std::array<uint8_t, 256> kValues = make_values();

uint32_t value_of(char c, size_t position) {
  const uint8_t value = kValues[static_cast<uint8_t>(c)];
  TORCHTRT_REQUIRE(kCorruptPlan, value != kInvalid, "base64: character ", int(static_cast<uint8_t>(c)), " at position ",
                   position, " is not of the alphabet. The text was altered; save the module again.");
  return value;
}

size_t padding_of(std::string_view text) {
  if (text.empty() || text.back() != '=') return 0;
  return text[text.size() - 2] == '=' ? 2 : 1;
}

}  // namespace

std::string encode_base64(std::string_view bytes) {
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (size_t i = 0; i < bytes.size(); i += 3) {
    uint32_t group = 0;
    for (size_t k = 0; k < 3; ++k)
      group = group << 8 | (i + k < bytes.size() ? static_cast<uint8_t>(bytes[i + k]) : 0u);
    for (size_t k = 0; k < 4; ++k) {
      text += i + k <= bytes.size() ? kAlphabet[group >> (18 - 6 * k) & 63] : '=';
    }
  }
  return text;
}

std::string decode_base64(std::string_view text) {
  TORCHTRT_REQUIRE(kCorruptPlan, text.size() % 4 == 0, "base64: ", text.size(),
                   " characters are not whole groups of four. The text was cut; save the module again.");
  const size_t padding = padding_of(text);
  const size_t digits = text.size() - padding;
  std::string bytes;
  bytes.reserve(text.size() / 4 * 3);
  for (size_t i = 0; i < text.size(); i += 4) {
    uint32_t group = 0;
    for (size_t k = 0; k < 4; ++k) group = group << 6 | (i + k < digits ? value_of(text[i + k], i + k) : 0u);
    const size_t count = i + 4 <= digits ? 3 : 3 - padding;
    for (size_t k = 0; k < count; ++k) bytes += static_cast<char>(group >> (16 - 8 * k) & 255);
  }
  return bytes;
}

}  // namespace torchtrt::runtime

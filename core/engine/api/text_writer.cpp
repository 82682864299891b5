// TextWriter: quoting.
#include "core/engine/api/text_writer.h"

#include <algorithm>
#include <cmath>

namespace torchtrt::engine::api {
namespace {

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    const auto code = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (code < 0x20) {
      constexpr char kHex[] = "0123456789abcdef";
      out += "\\u00";
      out += kHex[code >> 4];
      out += kHex[code & 15];
    } else {
      out += c;
    }
  }
  return out + '"';
}

std::string on_one_line(std::string_view text) {
  std::string out(text);
  std::replace_if(
      out.begin(), out.end(), [](char c) { return c == '\n' || c == '\r'; }, ' ');
  return out;
}

}  // namespace

TextWriter& TextWriter::key(std::string_view name) {
  separate();
  out_ += json_ ? quoted(name) : std::string(name);
  out_ += ": ";
  fresh_ = true;
  return *this;
}

TextWriter& TextWriter::text(std::string_view value) { return put(json_ ? quoted(value) : on_one_line(value)); }

TextWriter& TextWriter::number(double value) { return std::isfinite(value) ? put(join(value)) : text(join(value)); }

}  // namespace torchtrt::engine::api

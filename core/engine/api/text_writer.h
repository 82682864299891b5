// TextWriter: nested objects and arrays as JSON, or the same facts on one line.
#pragma once

#include <string>
#include <string_view>

#include "core/util/error.h"

namespace torchtrt::engine::api {

class TextWriter {
 public:
  explicit TextWriter(bool json) : json_(json) {}

  bool json() const { return json_; }
  TextWriter& open(char bracket) { return separate(), out_ += bracket, fresh_ = true, *this; }
  TextWriter& close(char bracket) { return out_ += bracket, fresh_ = false, *this; }
  TextWriter& key(std::string_view name);
  TextWriter& text(std::string_view value);  // quoted in JSON; one line in any case
  TextWriter& put(std::string_view value) { return separate(), out_ += value, fresh_ = false, *this; }
  TextWriter& number(double value);  // JSON has neither infinities nor NaN: they become texts
  template <class Range>
  TextWriter& list(const Range& range) {
    open('[');
    for (const auto& item : range) put(join(item));
    return close(']');
  }
  template <class Range>
  TextWriter& texts(const Range& range) {
    open('[');
    for (const auto& item : range) text(item);
    return close(']');
  }
  std::string take() { return std::move(out_); }

 private:
  void separate() {
    if (!fresh_) out_ += ", ";
    fresh_ = false;
  }
  bool json_;
  bool fresh_ = true;
  std::string out_;
};

}  // namespace torchtrt::engine::api

// What a piece of code is refused with: the message of its Error, "" if it passes.
#pragma once

#include <functional>
#include <string>

#include "core/util/error.h"

namespace torchtrt::engine {

inline std::string message_of(const std::function<void()>& body) {
  try {
    body();
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

}  // namespace torchtrt::engine

// Session::require: one call of the engine's interface, with its own words when it fails.
#pragma once

#include <utility>

#include "core/runtime/logger.h"
#include "core/runtime/session.h"
#include "core/util/error.h"

namespace torchtrt::runtime {

template <class Step>
void Session::require(const char* what, const Binding* binding, Step&& step) const {
  ErrorCapture errors;
  if (std::forward<Step>(step)()) [[likely]]
    return;
  TORCHTRT_THROW(kExecution, "Engine '", name_, "' ", what, binding ? ", binding '" + binding->name + "'" : "", ": ",
                 errors.text());
}

}  // namespace torchtrt::runtime

// OperatorTrace: a thread-local callback of ATen's RecordFunction.
#include "core/engine/exec/operator_trace.h"

#include <ATen/record_function.h>

#include <algorithm>
#include <iterator>
#include <optional>
#include <string_view>

namespace torchtrt::engine {
namespace {

struct State {
  std::optional<at::CallbackHandle> handle;
  int depth = 0;
  std::string names;
};
thread_local State state;

// Of these a tensor's place follows, not its value.
constexpr std::string_view kQuiet[] = {"aten::as_strided",    "aten::detach",    "aten::empty",   "aten::empty_like",
                                       "aten::empty_strided", "aten::expand",    "aten::flatten", "aten::movedim",
                                       "aten::narrow",        "aten::permute",   "aten::resize_", "aten::select",
                                       "aten::set_",          "aten::slice",     "aten::squeeze", "aten::transpose",
                                       "aten::unflatten",     "aten::unsqueeze", "aten::view"};

std::unique_ptr<at::ObserverContext> enter(const at::RecordFunction& function) {
  if (state.depth++ > 0) return nullptr;
  const std::string_view name = function.name();
  if (std::find(std::begin(kQuiet), std::end(kQuiet), name) != std::end(kQuiet)) return nullptr;
  if (!state.names.empty()) state.names += ", ";
  state.names += name;
  return nullptr;
}

void leave(const at::RecordFunction&, at::ObserverContext*) { --state.depth; }

}  // namespace

void OperatorTrace::start() {
  stop();
  state.handle =
      at::addThreadLocalCallback(at::RecordFunctionCallback(&enter, &leave).scopes({at::RecordScope::FUNCTION}));
}

std::string OperatorTrace::stop() {
  if (state.handle) at::removeCallback(*state.handle);
  state.handle.reset();
  state.depth = 0;
  return std::exchange(state.names, {});
}

}  // namespace torchtrt::engine

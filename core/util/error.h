// Error, and the checks that throw it. Inside C++ everything fails by exception; doors to other worlds catch.
#pragma once

#include <sstream>
#include <stdexcept>
#include <string>

namespace torchtrt {

// What kind of failure it is: chooses the Python exception type and the TensorRT error code.
enum class ErrorKind {
  kInternal,
  kInvalidArgument,  // an argument is wrong in itself
  kInvalidConfig,    // arguments do not go together: types, shapes, settings
  kUnsupported,      // valid, but nobody converts or runs it
  kUnsupportedDtype,
  kDtypeContract,
  kInt64Range,
  kInvalidState,  // called at the wrong time
  kExecution,     // failed while running
  kCorruptPlan,
};

// An error with its kind; `what()` says what failed, where, expected and actual, and what to do.
class Error : public std::runtime_error {
 public:
  Error(ErrorKind kind, const std::string& message) : std::runtime_error(message), kind_(kind) {}
  ErrorKind kind() const noexcept { return kind_; }

 private:
  ErrorKind kind_;
};

// Joins printable things into one string.
template <class... Parts>
std::string join(const Parts&... parts) {
  std::ostringstream out;
  (out << ... << parts);
  return out.str();
}

}  // namespace torchtrt

// TORCHTRT_THROW(kInvalidArgument, "text", value, ...)
#define TORCHTRT_THROW(error_kind, ...) \
  throw ::torchtrt::Error(::torchtrt::ErrorKind::error_kind, ::torchtrt::join(__VA_ARGS__))

// Rules about the user's network or model: kInvalidConfig unless the rule says otherwise (TORCHTRT_REQUIRE).
#define TORCHTRT_CHECK(condition, ...) TORCHTRT_REQUIRE(kInvalidConfig, condition, __VA_ARGS__)

#define TORCHTRT_REQUIRE(error_kind, condition, ...) \
  do {                                               \
    if (!(condition)) [[unlikely]]                   \
      TORCHTRT_THROW(error_kind, __VA_ARGS__);       \
  } while (false)

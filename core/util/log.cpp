// The C++ half of the package's log.
#include "core/util/log.h"

#include <atomic>
#include <iostream>
#include <mutex>
#include <utility>

namespace torchtrt {
namespace {

std::atomic<int> level_{static_cast<int>(LogLevel::kWarning)};

struct Output {
  std::mutex mutex;
  std::string prefix = "[Torch-TensorRT] - ";
  bool colored = false;
  LogSink sink;
};

// Never destroyed: engines may log while the process ends.
Output& output() {
  static Output& instance = *new Output;
  return instance;
}

const char* color_of(LogLevel level) {
  switch (level) {
    case LogLevel::kInternalError:
    case LogLevel::kError:
      return "\033[31m";
    case LogLevel::kWarning:
      return "\033[33m";
    default:
      return "\033[32m";
  }
}

}  // namespace

std::string_view name_of(LogLevel level) {
  switch (level) {
    case LogLevel::kInternalError:
      return "INTERNAL_ERROR";
    case LogLevel::kError:
      return "ERROR";
    case LogLevel::kWarning:
      return "WARNING";
    case LogLevel::kInfo:
      return "INFO";
    case LogLevel::kDebug:
      return "DEBUG";
    case LogLevel::kGraph:
      return "GRAPH";
  }
  return "UNKNOWN";
}

LogLevel log_level() { return static_cast<LogLevel>(level_.load(std::memory_order_relaxed)); }

void set_log_level(LogLevel level) { level_.store(static_cast<int>(level), std::memory_order_relaxed); }

std::string log_prefix() {
  std::lock_guard lock(output().mutex);
  return output().prefix;
}

void set_log_prefix(std::string prefix) {
  std::lock_guard lock(output().mutex);
  output().prefix = std::move(prefix);
}

bool log_colored() {
  std::lock_guard lock(output().mutex);
  return output().colored;
}

void set_log_colored(bool on) {
  std::lock_guard lock(output().mutex);
  output().colored = on;
}

void set_log_sink(LogSink sink) {
  std::lock_guard lock(output().mutex);
  output().sink = std::move(sink);
}

void log(LogLevel level, std::string_view message) {
  if (!logs(level)) return;
  std::lock_guard lock(output().mutex);
  if (output().sink) return output().sink(level, std::string(message));
  const bool colored = output().colored;
  std::cerr << (colored ? color_of(level) : "") << name_of(level) << ": " << output().prefix << message
            << (colored ? "\033[0m" : "") << '\n';
}

}  // namespace torchtrt

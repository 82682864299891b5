// Report: where an object of the interface sends errors and messages, and the border that no exception crosses.
#pragma once

#include <NvInferRuntime.h>

#include <mutex>
#include <string>
#include <utility>

namespace torchtrt::engine::api {

namespace nv = nvinfer1;

// A logger, and an error recorder if one was set. Copies share both: a child object inherits what its parent has when
// it is made. The recorder is reference counted by every Report that holds it, and while it is told of an error: it may
// be exchanged by another thread. Without a logger messages go to that of the process.
class Report {
 public:
  explicit Report(nv::ILogger* logger);
  Report(const Report& other);
  Report& operator=(const Report&) = delete;
  ~Report();

  nv::ILogger* logger() const { return logger_; }
  nv::IErrorRecorder* recorder() const;
  void set_recorder(nv::IErrorRecorder* recorder);

  void log(nv::ILogger::Severity severity, const std::string& text) const noexcept;
  void warn(const std::string& text) const noexcept { log(nv::ILogger::Severity::kWARNING, text); }
  void info(const std::string& text) const noexcept { log(nv::ILogger::Severity::kINFO, text); }
  // To the logger, and to the recorder where there is one, as "kINVALID_ARGUMENT - function: text".
  void error(const char* function, nv::ErrorCode code, const std::string& text) const noexcept;

  // Answers `body()`, or `failed` after reporting what it threw.
  template <class R, class Body>
  R guard(const char* function, R failed, Body&& body) const noexcept {
    try {
      return static_cast<R>(body());
    } catch (...) {
      report_exception(function);
      return failed;
    }
  }
  // True where `body()` did not throw.
  template <class Body>
  bool attempt(const char* function, Body&& body) const noexcept {
    return guard(function, false, [&] { return body(), true; });
  }

 private:
  void report_exception(const char* function) const noexcept;
  nv::IErrorRecorder* held_recorder() const;  // with a reference for the caller; null: none

  nv::ILogger* logger_;
  bool holds_process_logger_;
  mutable std::mutex mutex_;  // of the recorder
  nv::IErrorRecorder* recorder_ = nullptr;
};

// What getLogger() answers: the logger that the first object was created with, for as long as there is an object with
// it. Null: there is none.
nv::ILogger* process_logger();

}  // namespace torchtrt::engine::api

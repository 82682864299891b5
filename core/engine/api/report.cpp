// Report: error codes and categories, reference counts of recorders, the process logger.
#include "core/engine/api/report.h"

#include <new>

#include "core/util/enumerator_name.h"
#include "core/util/error.h"

namespace torchtrt::engine::api {
namespace {

nv::ErrorCode code_of(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kInvalidArgument:
    case ErrorKind::kInt64Range:
      return nv::ErrorCode::kINVALID_ARGUMENT;
    case ErrorKind::kInvalidConfig:
    case ErrorKind::kDtypeContract:
    case ErrorKind::kUnsupportedDtype:
      return nv::ErrorCode::kINVALID_CONFIG;
    case ErrorKind::kUnsupported:
      return nv::ErrorCode::kUNSUPPORTED_STATE;
    case ErrorKind::kInvalidState:
      return nv::ErrorCode::kINVALID_STATE;
    case ErrorKind::kExecution:
      return nv::ErrorCode::kFAILED_EXECUTION;
    case ErrorKind::kCorruptPlan:
      return nv::ErrorCode::kFAILED_INITIALIZATION;
    case ErrorKind::kInternal:
      break;
  }
  return nv::ErrorCode::kINTERNAL_ERROR;
}

std::string_view name_of(nv::ErrorCode code) {
  static constexpr auto kNames = names_of_enumerators<nv::ErrorCode, nv::EnumMax<nv::ErrorCode>()>();
  return kNames[static_cast<size_t>(code)];
}

const char* category_of(nv::ErrorCode code) {
  switch (code) {
    case nv::ErrorCode::kINVALID_ARGUMENT:
    case nv::ErrorCode::kINVALID_CONFIG:
    case nv::ErrorCode::kINVALID_STATE:
    case nv::ErrorCode::kUNSUPPORTED_STATE:
      return "API Usage Error";
    case nv::ErrorCode::kFAILED_EXECUTION:
      return "Execution Error";
    case nv::ErrorCode::kFAILED_INITIALIZATION:
      return "Deserialization Error";
    case nv::ErrorCode::kFAILED_ALLOCATION:
      return "Allocation Error";
    default:
      return "Internal Error";
  }
}

// A logger may go when all objects are gone that were made with it, so nobody is to find it then.
struct ProcessLogger {
  std::mutex mutex;
  nv::ILogger* logger = nullptr;
  int64_t holders = 0;

  bool hold(nv::ILogger* wanted) {
    const std::scoped_lock lock(mutex);
    if (!logger) logger = wanted;
    if (!wanted || logger != wanted) return false;
    ++holders;
    return true;
  }
  void release() {
    const std::scoped_lock lock(mutex);
    if (--holders == 0) logger = nullptr;
  }
};
ProcessLogger of_process;

}  // namespace

Report::Report(nv::ILogger* logger) : logger_(logger), holds_process_logger_(of_process.hold(logger)) {}

Report::Report(const Report& other) : Report(other.logger_) { recorder_ = other.held_recorder(); }

Report::~Report() {
  set_recorder(nullptr);
  if (holds_process_logger_) of_process.release();
}

nv::IErrorRecorder* Report::recorder() const {
  const std::scoped_lock lock(mutex_);
  return recorder_;
}

nv::IErrorRecorder* Report::held_recorder() const {
  const std::scoped_lock lock(mutex_);
  if (recorder_) recorder_->incRefCount();
  return recorder_;
}

void Report::set_recorder(nv::IErrorRecorder* recorder) {
  if (recorder) recorder->incRefCount();
  {
    const std::scoped_lock lock(mutex_);
    std::swap(recorder, recorder_);
  }
  if (recorder) recorder->decRefCount();
}

void Report::log(nv::ILogger::Severity severity, const std::string& text) const noexcept {
  if (nv::ILogger* logger = logger_ ? logger_ : process_logger()) logger->log(severity, text.c_str());
}

void Report::error(const char* function, nv::ErrorCode code, const std::string& text) const noexcept {
  try {
    const auto message =
        join(function, ": Error Code ", static_cast<int>(code), ": ", category_of(code), " (", text, ")");
    const bool ours = code == nv::ErrorCode::kINTERNAL_ERROR;
    log(ours ? nv::ILogger::Severity::kINTERNAL_ERROR : nv::ILogger::Severity::kERROR, message);
    if (nv::IErrorRecorder* recorder = held_recorder()) {
      recorder->reportError(code, join(name_of(code), " - ", function, ": ", text).c_str());
      recorder->decRefCount();
    }
  } catch (...) {
    if (logger_) logger_->log(nv::ILogger::Severity::kINTERNAL_ERROR, "an error could not be reported: out of memory");
  }
}

void Report::report_exception(const char* function) const noexcept {
  try {
    throw;
  } catch (const Error& error) {
    this->error(function, code_of(error.kind()), error.what());
  } catch (const std::bad_alloc&) {
    this->error(function, nv::ErrorCode::kFAILED_ALLOCATION, "out of memory");
  } catch (const std::exception& error) {
    this->error(function, nv::ErrorCode::kINTERNAL_ERROR, error.what());
  } catch (...) {
    this->error(function, nv::ErrorCode::kINTERNAL_ERROR, "an exception of an unknown type");
  }
}

nv::ILogger* process_logger() {
  const std::scoped_lock lock(of_process.mutex);
  return of_process.logger;
}

}  // namespace torchtrt::engine::api

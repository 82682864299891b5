// Report: error codes and categories, reference counts of recorders, the process logger.
#include "core/engine/api/report.h"

#include <atomic>
#include <new>

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

std::atomic<nv::ILogger*> first_logger{nullptr};

}  // namespace

Report::Report(const Report& other) : logger_(other.logger_) { set_recorder(other.recorder_); }

Report::~Report() { set_recorder(nullptr); }

void Report::set_recorder(nv::IErrorRecorder* recorder) {
  if (recorder) recorder->incRefCount();
  if (recorder_) recorder_->decRefCount();
  recorder_ = recorder;
}

void Report::log(nv::ILogger::Severity severity, const std::string& text) const noexcept {
  if (logger_) logger_->log(severity, text.c_str());
}

void Report::error(const char* function, nv::ErrorCode code, const std::string& text) const noexcept {
  try {
    const auto message =
        join(function, ": Error Code ", static_cast<int>(code), ": ", category_of(code), " (", text, ")");
    const bool ours = code == nv::ErrorCode::kINTERNAL_ERROR;
    log(ours ? nv::ILogger::Severity::kINTERNAL_ERROR : nv::ILogger::Severity::kERROR, message);
    if (recorder_) recorder_->reportError(code, message.c_str());
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

nv::ILogger* process_logger() { return first_logger.load(); }

void offer_process_logger(nv::ILogger* logger) {
  nv::ILogger* none = nullptr;
  first_logger.compare_exchange_strong(none, logger);
}

}  // namespace torchtrt::engine::api

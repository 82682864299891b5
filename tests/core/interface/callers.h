// A logger and an error recorder of callers of libnvinfer, which may be called by several threads.
#pragma once

#include <NvInfer.h>

#include <atomic>
#include <mutex>
#include <string>
#include <vector>

namespace torchtrt::tests {

class Logger final : public nvinfer1::ILogger {
 public:
  void log(Severity severity, const char* text) noexcept override {
    const std::scoped_lock lock(mutex_);
    if (severity <= Severity::kERROR) errors.emplace_back(text);
  }
  std::vector<std::string> errors;

 private:
  std::mutex mutex_;
};

class Recorder final : public nvinfer1::IErrorRecorder {
 public:
  int32_t getNbErrors() const noexcept override { return static_cast<int32_t>(codes.size()); }
  nvinfer1::ErrorCode getErrorCode(int32_t i) const noexcept override { return codes.at(static_cast<size_t>(i)); }
  ErrorDesc getErrorDesc(int32_t) const noexcept override { return ""; }
  bool hasOverflowed() const noexcept override { return false; }
  void clear() noexcept override { codes.clear(); }
  bool reportError(nvinfer1::ErrorCode code, ErrorDesc) noexcept override {
    const std::scoped_lock lock(mutex_);
    codes.push_back(code);
    told_without_reference = told_without_reference || references == 0;
    return false;
  }
  RefCount incRefCount() noexcept override { return ++references; }
  RefCount decRefCount() noexcept override { return --references; }
  std::vector<nvinfer1::ErrorCode> codes;
  std::atomic<int32_t> references = 0;
  bool told_without_reference = false;

 private:
  std::mutex mutex_;
};

}  // namespace torchtrt::tests

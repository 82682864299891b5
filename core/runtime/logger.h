// The logger given to engines: their lines go to our log, their errors into the exception of the call that caused them.
#pragma once

#include <NvInferRuntime.h>

#include <string>

namespace torchtrt::runtime {

// One for the process, never destroyed: it has to outlive every object made with it.
nvinfer1::ILogger& engine_logger();

// While one lives, errors that engines log on this thread are gathered here and reported at debug level only,
// because they are about to be part of an exception. Captures nest; the innermost gathers.
class ErrorCapture {
 public:
  ErrorCapture() noexcept;
  ~ErrorCapture();
  ErrorCapture(const ErrorCapture&) = delete;
  ErrorCapture& operator=(const ErrorCapture&) = delete;

  // What was gathered, one error a line; "the engine gave no reason" if nothing was.
  std::string text() const;
  bool empty() const { return text_.empty(); }
  void add(const char* message);

 private:
  ErrorCapture* outer_;
  std::string text_;
};

}  // namespace torchtrt::runtime

// The logger given to engines.
#include "core/runtime/logger.h"

#include "core/util/log.h"

namespace torchtrt::runtime {
namespace {

thread_local ErrorCapture* innermost = nullptr;

class EngineLogger final : public nvinfer1::ILogger {
 public:
  void log(Severity severity, const char* message) noexcept override {
    const bool error = severity <= Severity::kERROR;
    if (error && innermost) innermost->add(message);
    const LogLevel level = error && innermost ? LogLevel::kDebug : static_cast<LogLevel>(severity);
    if (logs(level)) torchtrt::log(level, message);
  }
};

}  // namespace

nvinfer1::ILogger& engine_logger() {
  static EngineLogger& logger = *new EngineLogger;
  return logger;
}

ErrorCapture::ErrorCapture() noexcept : outer_(innermost) { innermost = this; }

ErrorCapture::~ErrorCapture() { innermost = outer_; }

std::string ErrorCapture::text() const { return text_.empty() ? "the engine gave no reason" : text_; }

void ErrorCapture::add(const char* message) {
  if (!text_.empty()) text_ += '\n';
  text_ += message;
}

}  // namespace torchtrt::runtime

// The C++ half of the package's log: one level, one prefix, one place the lines go to.
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace torchtrt {

// The numbers are nvinfer1::ILogger::Severity's, and those of torch_tensorrt.ts.logging.Level.
enum class LogLevel : int { kInternalError = 0, kError = 1, kWarning = 2, kInfo = 3, kDebug = 4, kGraph = 5 };

std::string_view name_of(LogLevel level);

// Lines above the level are dropped. The default is kWarning. All of these may be called from any thread.
LogLevel log_level();
void set_log_level(LogLevel level);
inline bool logs(LogLevel level) { return level <= log_level(); }

std::string log_prefix();
void set_log_prefix(std::string prefix);
bool log_colored();
void set_log_colored(bool on);

// Where lines go; null restores the default, standard error. The sink is called under a lock and must not log itself.
using LogSink = std::function<void(LogLevel, const std::string& line)>;
void set_log_sink(LogSink sink);

// Writes the line if its level is reported.
void log(LogLevel level, std::string_view message);

}  // namespace torchtrt

// Traces: times of a run's phases and layers, as files.
#include "core/runtime/traces.h"

#include <cstdio>
#include <filesystem>
#include <fstream>

#include "core/util/error.h"

namespace torchtrt::runtime {

std::string json_escape(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      char code[7];
      std::snprintf(code, sizeof code, "\\u%04x", static_cast<unsigned>(c));
      out += code;
    } else {
      out += c;
    }
  }
  return out;
}

std::string Trace::to_json(std::string_view format) const {
  std::ostringstream out;
  double total = 0, start = 0;
  for (const Part& part : parts_) total += part.milliseconds;
  out << '[';
  for (size_t i = 0; i < parts_.size(); ++i) {
    const Part& part = parts_[i];
    out << (i ? ",\n " : "") << "{\"name\": \"" << json_escape(part.name) << "\", ";
    if (format == "trex") {
      out << "\"timeMs\": " << part.milliseconds << ", \"averageMs\": " << part.milliseconds
          << ", \"percentage\": " << (total > 0 ? 100 * part.milliseconds / total : 0) << '}';
    } else {
      out << "\"ph\": \"X\", \"pid\": 0, \"tid\": 0, \"ts\": " << start << ", \"dur\": " << part.milliseconds * 1000
          << '}';
    }
    start += part.milliseconds * 1000.0;
  }
  out << "]\n";
  return out.str();
}

void LayerTimes::reportLayerTime(const char* layer, float milliseconds) noexcept {
  try {
    trace.add(layer, milliseconds);
  } catch (...) {  // out of memory: the trace lacks a line
  }
}

PhaseTimer::PhaseTimer(Trace* trace, const char* name) : trace_(trace), name_(name) {
  if (trace_) begin_ = std::chrono::steady_clock::now();
}

PhaseTimer::~PhaseTimer() {
  if (!trace_) return;
  const std::chrono::duration<float, std::milli> passed = std::chrono::steady_clock::now() - begin_;
  trace_->add(name_, passed.count());
}

void write_file(const std::string& path, const std::string& text) {
  const std::string temporary = path + ".tmp";
  std::ofstream file(temporary, std::ios::binary);
  file << text;
  file.close();
  std::error_code status;
  if (file.good()) std::filesystem::rename(temporary, path, status);
  TORCHTRT_REQUIRE(kExecution, file.good() && !status, "'", path, "' could not be written",
                   status ? ": " + status.message() : "", ". Check that its folder exists and may be written.");
}

}  // namespace torchtrt::runtime

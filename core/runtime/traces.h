// Traces: times of a run's phases and layers, as files that Perfetto or TREx read.
#pragma once

#include <NvInferRuntime.h>

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace torchtrt::runtime {

// Times of one phase: its parts in order, in milliseconds.
class Trace {
 public:
  void clear() { parts_.clear(); }
  void add(std::string name, float milliseconds) { parts_.push_back({std::move(name), milliseconds}); }
  bool empty() const { return parts_.empty(); }
  // "perfetto": chrome trace events; "trex": a list of {name, timeMs, averageMs, percentage}.
  std::string to_json(std::string_view format) const;

 private:
  struct Part {
    std::string name;
    float milliseconds;
  };
  std::vector<Part> parts_;
};

// Gathers an engine's layer times.
class LayerTimes final : public nvinfer1::IProfiler {
 public:
  void reportLayerTime(const char* layer, float milliseconds) noexcept override;
  Trace trace;
};

// Adds the time since it was made to a trace when it goes; does nothing where the trace is null.
class PhaseTimer {
 public:
  PhaseTimer(Trace* trace, const char* name);
  ~PhaseTimer();
  PhaseTimer(const PhaseTimer&) = delete;
  PhaseTimer& operator=(const PhaseTimer&) = delete;

 private:
  Trace* trace_;
  const char* name_;
  std::chrono::steady_clock::time_point begin_;
};

// Writes a whole file by way of a temporary one; throws Error with the path.
void write_file(const std::string& path, const std::string& text);

// `text` as the inside of a JSON string.
std::string json_escape(std::string_view text);

}  // namespace torchtrt::runtime

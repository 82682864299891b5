// Recorder: repeats a context's runs as CUDA graphs.
//
// Note [Recorded runs]: a run whose shapes and addresses come again is recorded once and launched as one graph from
// then on, which spares the host the launching of every kernel.
//  - The first runs of a program are plain: libraries initialise themselves and choose their kernels, some for each
//    thread.
//  - A graph holds addresses. Those that come twice get a graph of their own, up to kMaxGraphs; where the caller's
//    addresses keep changing, one graph works on buffers of ours, and inputs and outputs are copied. It,
//    too, comes behind a plain run over them: kernels may be chosen by alignment.
//  - Only layers of known kinds are recorded (is_recordable): none that wait for the device, read back, run
//    foreign code, or bring weights along from the host. While the caller's own stream is captured, runs are plain.
//  - A recording waits until no other thread runs engines: Note [Recording alone].
//  - A recording that fails is not tried again: the program's runs stay plain, and the logger is told once.
//  - Graphs of a context share memory. A run on another stream than the one before waits for that.
#pragma once

#include <c10/core/Event.h>

#include <functional>
#include <optional>
#include <string>
#include <thread>

#include "core/engine/exec/bindings.h"
#include "core/engine/exec/cuda_graph.h"
#include "core/engine/exec/program.h"

namespace torchtrt::engine {

// By binding; null for those in host memory. Behind them what else graphs depend on.
using Addresses = std::vector<void*>;

// Whether a program can be recorded at all.
bool is_recordable(const Plan& plan, const Program& program);

// What there is of one program.
struct Recordings {
  struct Recording {
    Addresses addresses;
    std::unique_ptr<CudaGraph> graph;
  };
  std::optional<bool> recordable;
  std::vector<int64_t> bytes;  // by binding; -1: must not be copied
  int plain_runs = 0, misses = 0;
  std::thread::id thread;       // of plain runs
  std::vector<Addresses> seen;  // the last that had no graph
  std::vector<Recording> graphs;
  Recording staged;                 // over `buffers`, for all other addresses
  size_t staged_made = 0;           // how often
  std::vector<at::Tensor> buffers;  // by binding; undefined for those in host memory, and for empty ones
};

class Recorder {
 public:
  explicit Recorder(c10::Device device);

  bool enabled() const { return enabled_; }
  // Told why a recording failed, once.
  void set_warning(std::function<void(const std::string&)> warning) { warning_ = std::move(warning); }
  // Runs the program on the present stream by a graph; false: there is none yet, and a plain run is due. `run` is a
  // plain run with bindings at other addresses.
  bool run(Recordings& recordings, const Addresses& addresses, const Plan& plan,
           const std::function<void(const Addresses&)>& run);

 private:
  // Without a graph where another thread is in the way.
  Recordings::Recording record(Addresses addresses, const std::function<void(const Addresses&)>& run);
  bool record_direct(Recordings& recordings, const Addresses& addresses,
                     const std::function<void(const Addresses&)>& run);
  // Whether plain runs on this thread have prepared a recording; else one is due.
  bool is_warm(Recordings& recordings, const Addresses& addresses) const;
  // By the graph over buffers, or plainly over them when they are new.
  bool run_staged(Recordings& recordings, const Addresses& addresses, const Plan& plan,
                  const std::function<void(const Addresses&)>& run);
  void make_buffers(Recordings& recordings, const Addresses& addresses);
  void launch(CudaGraph& graph);
  void wait_for_last();
  void mark_last();
  c10::Stream present_stream() const;

  void give_up(Recordings& recordings, const char* reason);

  c10::Device device_;
  bool enabled_ = false;
  std::function<void(const std::string&)> warning_;
  std::optional<CudaGraph::Pool> pool_;
  std::optional<c10::Event> last_;  // the end of the last launch
  c10::StreamId last_stream_ = 0;
};

}  // namespace torchtrt::engine

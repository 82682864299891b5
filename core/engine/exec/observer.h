// Observer: what a context tells of its layers while they run: times, debug tensors, names of operators.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/Event.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "core/engine/exec/context.h"

namespace torchtrt::engine {

class Observer {
 public:
  Observer(const Plan& plan, c10::Device device);

  // Whether steps have to be run one by one through `observe`; a captured graph would tell nothing.
  bool active() const { return times_ || tracing_ || log_ || listens(); }
  bool listens() const { return listener_ != nullptr; }

  void record_times(bool on);
  void set_listener(std::shared_ptr<const DebugListener> listener) { listener_ = std::move(listener); }
  // Called behind each layer, which has run by then.
  void set_log(std::function<void(const std::string&)> log) { log_ = std::move(log); }
  // Of the coming run, names of operators are kept as well; for plans of detailed verbosity only.
  void trace() { tracing_ = plan_.verbosity == Verbosity::kDetailed; }

  void start(void* stream);  // of a run, on the present stream, which has this handle
  void finish();             // of a run
  template <class Run>
  void observe(NodeId node, Run&& run) {
    begin(node);
    try {
      run();
    } catch (...) {
      stop();
      throw;
    }
    end(node);
  }
  // A value that was computed, or is known anyway; throws where the listener says that it failed.
  void report(const Graph& graph, ValueId value, const at::Tensor& tensor) const;

  // The observer of the run on this thread, for bodies of loops and conditionals; null where nobody listens.
  static const Observer* listening();
  class Scope {
   public:
    explicit Scope(const Observer& observer);
    ~Scope();
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

   private:
    const Observer* former_;
  };

  // Milliseconds of the last observed run, by NodeId; waits for it. Empty: nothing was recorded.
  std::vector<float> times() const;
  // By NodeId; "" where a layer has not been traced.
  const std::vector<std::string>& operators() const { return operators_; }

 private:
  struct Mark {
    NodeId node;
    std::chrono::steady_clock::time_point time;  // on the CPU
  };
  void begin(NodeId node);
  void end(NodeId node);
  void stop();
  void mark(NodeId node);

  const Plan& plan_;
  c10::Device device_;
  void* stream_ = nullptr;
  bool times_ = false, tracing_ = false;
  bool recorded_ = false;           // marks_ are those of a whole run
  std::vector<Mark> marks_;         // the start of the run, then the end of each step
  std::vector<c10::Event> events_;  // on other devices, beside marks_
  std::shared_ptr<const DebugListener> listener_;
  std::function<void(const std::string&)> log_;
  std::vector<std::string> operators_;
};

}  // namespace torchtrt::engine

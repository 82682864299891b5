// RunTurn: who runs, and who ran last, by device.
#include "core/engine/exec/run_turn.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

namespace torchtrt::engine {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::seconds kLately{5};  // a thread may still want to wait for a run that long ago

struct Runner {
  std::thread::id thread;
  int runs = 0;  // inside each other: a plugin may run an engine
  Clock::time_point last;
};

class Turns {
 public:
  void enter() {
    std::unique_lock lock(mutex_);
    const auto self = std::this_thread::get_id();
    done_.wait(lock, [&] { return recorder_ == std::thread::id() || recorder_ == self; });
    ++runner(self).runs;
  }

  // The thread has ended, and will wait for nothing.
  void forget(std::thread::id thread) {
    const std::scoped_lock lock(mutex_);
    std::erase_if(runners_, [&](const Runner& r) { return r.thread == thread; });
  }

  void leave() {
    const std::scoped_lock lock(mutex_);
    Runner& self = runner(std::this_thread::get_id());
    --self.runs;
    self.last = Clock::now();
  }

  bool record_alone(const std::function<void()>& record) {
    {
      const std::scoped_lock lock(mutex_);
      const auto self = std::this_thread::get_id();
      const Clock::time_point since = Clock::now() - kLately;
      std::erase_if(runners_, [&](const Runner& r) { return r.thread != self && r.runs == 0 && r.last < since; });
      const bool alone =
          std::all_of(runners_.begin(), runners_.end(), [&](const Runner& r) { return r.thread == self; });
      if (!alone || recorder_ != std::thread::id()) return false;
      recorder_ = self;
    }
    const End end{*this};
    record();
    return true;
  }

 private:
  struct End {
    Turns& turns;
    ~End() {
      {
        const std::scoped_lock lock(turns.mutex_);
        turns.recorder_ = std::thread::id();
      }
      turns.done_.notify_all();
    }
  };

  Runner& runner(std::thread::id thread) {
    const auto found =
        std::find_if(runners_.begin(), runners_.end(), [&](const Runner& r) { return r.thread == thread; });
    return found == runners_.end() ? runners_.emplace_back(Runner{thread, 0, Clock::now()}) : *found;
  }

  std::mutex mutex_;
  std::condition_variable done_;
  std::thread::id recorder_;
  std::vector<Runner> runners_;
};

constexpr size_t kMostDevices = 64;  // beyond that, devices share

// Threads may end when all else is gone.
std::array<Turns, kMostDevices>& all_turns() {
  static auto& turns = *new std::array<Turns, kMostDevices>;
  return turns;
}

Turns& turns_of(c10::Device device) {
  return all_turns()[static_cast<size_t>(std::max<int>(device.index(), 0)) % kMostDevices];
}

struct EndOfThread {
  ~EndOfThread() {
    for (Turns& turns : all_turns()) turns.forget(std::this_thread::get_id());
  }
};

}  // namespace

RunTurn::RunTurn(c10::Device device) : device_(device) {
  if (!device_.is_cuda()) return;
  thread_local const EndOfThread end;
  turns_of(device_).enter();
}

RunTurn::~RunTurn() {
  if (device_.is_cuda()) turns_of(device_).leave();
}

bool record_alone(c10::Device device, const std::function<void()>& record) {
  return turns_of(device).record_alone(record);
}

}  // namespace torchtrt::engine

// ContextState: what layers keep per execution context. A kernel finds that of the context it runs for by its thread.
#pragma once

#include <cstdint>
#include <map>
#include <memory>

namespace torchtrt::engine {

class ContextState {
 public:
  // `owner` is passed on to those who know what it is.
  explicit ContextState(void* owner) : owner_(owner) {}
  ContextState(const ContextState&) = delete;
  ContextState& operator=(const ContextState&) = delete;

  void* owner() const { return owner_; }
  // Counts what the user sets: profile, shapes and addresses of inputs.
  uint64_t changes() const { return changes_; }
  void note_change() { ++changes_; }

  // What is kept under `key`, made by `make` on first use. The key must outlive the context.
  template <class T, class Make>
  T& keep(const void* key, Make&& make) {
    std::shared_ptr<void>& place = kept_[key];
    if (!place) place = std::shared_ptr<T>(make());
    return *static_cast<T*>(place.get());
  }

  // That of the run on this thread. Throws kInternal where there is none.
  static ContextState& current();

  // While it lives, `state` is the current one.
  class Scope {
   public:
    explicit Scope(ContextState& state);
    ~Scope();
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

   private:
    ContextState* former_;
  };

 private:
  void* owner_;
  uint64_t changes_ = 1;
  std::map<const void*, std::shared_ptr<void>> kept_;
};

}  // namespace torchtrt::engine

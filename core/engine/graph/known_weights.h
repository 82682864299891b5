// KnownWeights: memory that holds certain values already.
#pragma once

#include <map>

#include "core/engine/graph/graph.h"

namespace torchtrt::engine {

// Note [Sharing weights]: a refit runs the passes again, and they compute what they computed before: joined, transposed
// or folded weights. Most are as they were. While a Scope is there, constants that passes add on this thread take the
// memory of equal ones of the plan before, one by one: old and new values exist at once for what differs only.
class KnownWeights {
 public:
  // Those of the graph, whose memory is owned.
  explicit KnownWeights(const Graph& graph);

  // The same values, in known memory if there is some.
  Weights share(const Weights& weights) const;
  // By those of this thread's scope, if there is one.
  static Weights share_known(const Weights& weights);

  class Scope {
   public:
    explicit Scope(const KnownWeights& known);
    ~Scope();
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

   private:
    const KnownWeights* former_;
  };

 private:
  std::multimap<int64_t, Weights> by_bytes_;
};

// Whether both have the same type and the same values, bit by bit.
bool are_equal(const Weights& a, const Weights& b);

}  // namespace torchtrt::engine

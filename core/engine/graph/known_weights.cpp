// KnownWeights: compared byte by byte; those that differ mostly do so at once.
#include "core/engine/graph/known_weights.h"

#include <cstring>
#include <set>
#include <utility>

namespace torchtrt::engine {
namespace {

thread_local const KnownWeights* now = nullptr;

bool equal_bytes(const Weights& a, const Weights& b) {
  return a.data == b.data || std::memcmp(a.data, b.data, static_cast<size_t>(a.bytes())) == 0;
}

}  // namespace

KnownWeights::KnownWeights(const Graph& graph) {
  std::set<const void*> seen;
  for (const Node& node : graph.nodes()) {
    if (!node.layer) continue;
    for (const Field& field : node.layer->fields())
      if (const auto* weights = std::get_if<Weights>(&field.value))
        if (!weights->empty() && weights->owner && seen.insert(weights->data).second)
          by_bytes_.emplace(weights->bytes(), *weights);
  }
}

Weights KnownWeights::share(const Weights& weights) const {
  const auto [first, last] = by_bytes_.equal_range(weights.bytes());
  for (auto known = first; known != last; ++known) {
    if (weights.empty() || !equal_bytes(known->second, weights)) continue;
    Weights result = weights;
    result.data = known->second.data;
    result.owner = known->second.owner;
    return result;
  }
  return weights;
}

Weights KnownWeights::share_known(const Weights& weights) { return now ? now->share(weights) : weights; }

KnownWeights::Scope::Scope(const KnownWeights& known) : former_(std::exchange(now, &known)) {}

KnownWeights::Scope::~Scope() { now = former_; }

bool are_equal(const Weights& a, const Weights& b) {
  return a.dtype == b.dtype && a.count == b.count && (a.empty() || equal_bytes(a, b));
}

}  // namespace torchtrt::engine

// own_weights: one copy per distinct memory.
#include "core/engine/plan/weights.h"

#include <sys/mman.h>

#include <cstdlib>
#include <cstring>
#include <map>
#include <new>
#include <set>
#include <tuple>

#include "core/engine/plan/body.h"

namespace torchtrt::engine {
namespace {

constexpr size_t kAlignment = 64;
constexpr size_t kOwnPages = size_t{1} << 20;  // bytes from which memory has pages of its own

using Place = std::tuple<const void*, int64_t>;  // address, bytes

}  // namespace

// Large weights that come and go would leave gaps in the heap which the next of the same size do not fit into.
std::shared_ptr<void> allocate_aligned(int64_t bytes) {
  const size_t rounded = (static_cast<size_t>(bytes) + kAlignment - 1) / kAlignment * kAlignment;
  if (rounded >= kOwnPages) {
    void* pages = mmap(nullptr, rounded, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages == MAP_FAILED) throw std::bad_alloc();
    return std::shared_ptr<void>(pages, [rounded](void* m) { munmap(m, rounded); });
  }
  void* memory = std::aligned_alloc(kAlignment, rounded == 0 ? kAlignment : rounded);
  if (memory == nullptr) throw std::bad_alloc();
  return std::shared_ptr<void>(memory, [](void* m) { std::free(m); });
}

namespace {

using Copies = std::map<Place, std::shared_ptr<const void>>;

// Whether something was not owned yet.
bool own_level(Graph& graph, Copies& copies) {
  bool changed = false;
  for (const NodeId id : graph.order()) {
    Layer& layer = *graph.mutable_node(id).layer;
    for (const Field& field : layer.fields()) {
      const auto* given = std::get_if<Weights>(&field.value);
      if (given == nullptr || given->owner || given->empty()) continue;
      Weights owned = *given;
      TORCHTRT_REQUIRE(kInvalidArgument, owned.data != nullptr, layer.kind(), " layer \"", graph.node(id).name,
                       "\": ", owned.count, " weights at address null");
      std::shared_ptr<const void>& copy = copies[{owned.data, owned.bytes()}];
      if (!copy) {
        std::shared_ptr<void> memory = allocate_aligned(owned.bytes());
        std::memcpy(memory.get(), owned.data, static_cast<size_t>(owned.bytes()));
        copy = memory;
      }
      owned.owner = copy;
      owned.data = copy.get();
      layer.set_field(field.name, owned);
      changed = true;
    }
  }
  return changed;
}

}  // namespace

void own_weights(Graph& graph) {
  Copies copies;
  change_bodies(graph, [&](Graph& body) { return own_level(body, copies); });
  own_level(graph, copies);
}

int64_t weights_bytes(const Graph& graph) {
  std::set<Place> seen;
  int64_t total = 0;
  visit_graphs(graph, [&](const Graph& level) {
    for (const Node& node : level.nodes()) {
      if (!node.layer) continue;
      for (const Field& field : node.layer->fields())
        if (const auto* weights = std::get_if<Weights>(&field.value))
          if (!weights->empty() && seen.insert({weights->data, weights->bytes()}).second) total += weights->bytes();
    }
  });
  return total;
}

}  // namespace torchtrt::engine

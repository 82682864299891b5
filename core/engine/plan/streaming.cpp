// Streaming: one walk over the schedule.
#include "core/engine/plan/streaming.h"

#include <algorithm>
#include <set>
#include <utility>

#include "core/engine/layers/constant.h"

namespace torchtrt::engine {
namespace {

const Constant* constant_of(const Graph& graph, NodeId id) { return as<Constant>(*graph.node(id).layer); }

}  // namespace

void move_constants_to_use(const Graph& graph, std::vector<NodeId>& order) {
  std::vector<char> placed(graph.nodes().size(), 0);
  std::vector<NodeId> result;
  const auto place = [&](NodeId id) {
    if (std::exchange(placed[static_cast<size_t>(id)], 1) == 0) result.push_back(id);
  };
  for (const NodeId id : order) {
    if (constant_of(graph, id)) continue;
    for (const ValueId input : graph.node(id).inputs) {
      const NodeId producer = input == kNoId ? kNoId : graph.stale_value(input).producer;
      if (producer != kNoId && constant_of(graph, producer)) place(producer);
    }
    place(id);
  }
  for (const NodeId id : order) place(id);  // constants that are outputs themselves
  order = std::move(result);
}

Streaming stream_weights(const Plan& plan, int64_t budget) {
  Streaming result{std::vector<char>(plan.graph.nodes().size(), 0), 0};
  if (budget < 0) return result;
  std::set<const void*> resident;
  int64_t used = 0;
  std::vector<int64_t> bytes(plan.graph.nodes().size(), 0);  // of streamed ones
  std::vector<size_t> last(plan.graph.nodes().size(), 0);
  for (size_t at = 0; at < plan.order.size(); ++at) {
    const NodeId id = plan.order[at];
    for (const ValueId input : plan.graph.node(id).inputs)
      if (input != kNoId && plan.graph.stale_value(input).producer != kNoId)
        last[static_cast<size_t>(plan.graph.stale_value(input).producer)] = at;
    const Constant* constant = constant_of(plan.graph, id);
    if (!constant || resident.contains(constant->weights.data)) continue;
    const int64_t size = constant->weights.bytes();
    if (used + size <= budget) {
      resident.insert(constant->weights.data);
      used += size;
      continue;
    }
    result.streamed[static_cast<size_t>(id)] = 1;
    bytes[static_cast<size_t>(id)] = size;
  }
  std::vector<std::pair<size_t, NodeId>> live;
  int64_t now = 0;
  for (size_t at = 0; at < plan.order.size(); ++at) {
    const auto id = static_cast<size_t>(plan.order[at]);
    if (result.streamed[id]) {
      now += bytes[id];
      live.emplace_back(last[id], plan.order[at]);
    }
    result.scratch = std::max(result.scratch, now);
    std::erase_if(live, [&](const auto& entry) {
      if (entry.first > at) return false;
      now -= bytes[static_cast<size_t>(entry.second)];
      return true;
    });
  }
  return result;
}

}  // namespace torchtrt::engine

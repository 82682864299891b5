// Streaming: what is kept, then lives along the schedule, then places.
#include "core/engine/plan/streaming.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "core/engine/layers/constant.h"
#include "core/engine/plan/places.h"

namespace torchtrt::engine {
namespace {

constexpr int64_t kSmall = 64 << 10;  // bytes
constexpr int64_t kAlignment = 256;   // of places in the staging buffer

const Constant* constant_of(const Graph& graph, NodeId id) { return as<Constant>(*graph.node(id).layer); }

const Weights& weights_of(const Plan& plan, NodeId id) { return constant_of(plan.graph, id)->weights; }

std::vector<NodeId> streamable(const Plan& plan) {
  std::vector<NodeId> result;
  for (const NodeId id : plan.order)
    if (is_streamable(plan, id)) result.push_back(id);
  return result;
}

// Memory by memory: whether it is kept.
class Keeper {
 public:
  Keeper(const Plan& plan, const std::vector<NodeId>& nodes, int64_t budget) : budget_(budget) {
    for (const NodeId id : nodes) {
      const Weights& weights = weights_of(plan, id);
      if (seen_.insert(weights.data).second) memory_.emplace_back(weights.data, weights.bytes());
    }
    keep_small();
    keep_evenly();
    for (const auto& [data, bytes] : memory_) keep(data, bytes);
  }

  bool keeps(const void* data) const { return kept_.contains(data); }

 private:
  void keep(const void* data, int64_t bytes) {
    if (used_ + bytes <= budget_ && kept_.insert(data).second) used_ += bytes;
  }
  void keep_small() {
    for (const auto& [data, bytes] : memory_)
      if (bytes <= kSmall) keep(data, bytes);
  }
  // At any point of the schedule about the same part of what came so far is kept.
  void keep_evenly() {
    double total = 0;
    for (const auto& [data, bytes] : memory_)
      if (!keeps(data)) total += static_cast<double>(bytes);
    const double part = total > 0 ? static_cast<double>(budget_ - used_) / total : 0;
    double due = 0;
    for (const auto& [data, bytes] : memory_) {
      if (keeps(data)) continue;
      due += part * static_cast<double>(bytes);
      if (due < static_cast<double>(bytes)) continue;
      keep(data, bytes);
      due -= static_cast<double>(bytes);
    }
  }

  int64_t budget_, used_ = 0;
  std::vector<std::pair<const void*, int64_t>> memory_;  // in the order of use
  std::set<const void*> seen_, kept_;
};

// Positions in the plan's order.
std::vector<Life> lives_of(const Plan& plan, const std::vector<Upload>& uploads) {
  std::vector<Life> lives;
  std::map<NodeId, size_t> streamed;  // to its place in `uploads`
  for (const Upload& upload : uploads) {
    streamed[upload.node] = lives.size();
    lives.push_back({upload.bytes, 0, 0});
  }
  int before = 0;  // position of the streamed constant before
  for (int at = 0; at < static_cast<int>(plan.order.size()); ++at) {
    const NodeId id = plan.order[static_cast<size_t>(at)];
    if (const auto found = streamed.find(id); found != streamed.end()) {
      lives[found->second].first = before;
      lives[found->second].last = before = at;
    }
    for (const ValueId input : plan.graph.node(id).inputs) {
      const NodeId producer = input == kNoId ? kNoId : plan.graph.stale_value(input).producer;
      if (const auto found = streamed.find(producer); found != streamed.end()) lives[found->second].last = at;
    }
  }
  for (const Binding& binding : plan.bindings)
    if (const auto found = streamed.find(plan.graph.stale_value(binding.value).producer); found != streamed.end())
      lives[found->second].last = static_cast<int>(plan.order.size());
  return lives;
}

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

bool is_streamable(const Plan& plan, NodeId id) {
  const Constant* constant = constant_of(plan.graph, id);
  if (!constant || !constant->shape.is_known() || constant->weights.empty()) return false;
  const ValueId value = plan.graph.node(id).outputs[0];
  const Value& output = plan.graph.stale_value(value);
  if (output.host && output.host->is_known()) return false;
  return plan.placement[static_cast<size_t>(value)] != Placement::kHost;
}

int64_t streamable_bytes(const Plan& plan) {
  std::set<const void*> seen;
  int64_t total = 0;
  for (const NodeId id : streamable(plan))
    if (seen.insert(weights_of(plan, id).data).second) total += weights_of(plan, id).bytes();
  return total;
}

Streaming stream_weights(const Plan& plan, int64_t budget) {
  Streaming result;
  if (budget < 0) return result;
  const std::vector<NodeId> nodes = streamable(plan);
  const Keeper keeper(plan, nodes, budget);
  for (const NodeId id : nodes)
    if (const Weights& weights = weights_of(plan, id); !keeper.keeps(weights.data))
      result.uploads.push_back({id, 0, weights.bytes()});
  const Places places = place(lives_of(plan, result.uploads), kAlignment);
  for (size_t i = 0; i < result.uploads.size(); ++i) result.uploads[i].offset = places.begins[i];
  result.scratch = places.bytes;
  return result;
}

}  // namespace torchtrt::engine

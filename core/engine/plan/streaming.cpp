// Streaming: what is kept, then lives along the schedule, then places.
#include "core/engine/plan/streaming.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "core/engine/layers/constant.h"

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

struct Life {
  size_t upload = 0;
  int64_t bytes = 0;
  size_t first = 0, last = 0;  // positions in the plan's order, both included
};

std::vector<Life> lives_of(const Plan& plan, const std::vector<Upload>& uploads) {
  std::vector<Life> lives;
  std::map<NodeId, size_t> streamed;  // to its place in `uploads`
  for (size_t i = 0; i < uploads.size(); ++i) {
    streamed[uploads[i].node] = i;
    lives.push_back({i, uploads[i].bytes, 0, 0});
  }
  size_t before = 0;  // position of the streamed constant before
  for (size_t at = 0; at < plan.order.size(); ++at) {
    const Node& node = plan.graph.node(plan.order[at]);
    if (const auto found = streamed.find(plan.order[at]); found != streamed.end()) {
      lives[found->second].first = before;
      lives[found->second].last = before = at;
    }
    for (const ValueId input : node.inputs) {
      const NodeId producer = input == kNoId ? kNoId : plan.graph.stale_value(input).producer;
      if (const auto found = streamed.find(producer); found != streamed.end()) lives[found->second].last = at;
    }
  }
  for (Life& life : lives)
    for (const Binding& binding : plan.bindings)
      if (plan.graph.node(uploads[life.upload].node).outputs[0] == binding.value) life.last = plan.order.size();
  return lives;
}

// The largest first, each into the lowest gap among those that live at the same time.
void place(std::vector<Life> lives, Streaming& result) {
  std::stable_sort(lives.begin(), lives.end(), [](const Life& a, const Life& b) { return a.bytes > b.bytes; });
  std::vector<Life> placed;  // by rising offset
  const auto offset = [&](const Life& life) { return result.uploads[life.upload].offset; };
  for (const Life& life : lives) {
    int64_t begin = 0;
    for (const Life& other : placed) {
      if (other.last < life.first || life.last < other.first || offset(other) + other.bytes <= begin) continue;
      if (offset(other) >= begin + life.bytes) break;
      begin = (offset(other) + other.bytes + kAlignment - 1) / kAlignment * kAlignment;
    }
    result.uploads[life.upload].offset = begin;
    result.scratch = std::max(result.scratch, begin + life.bytes);
    placed.insert(std::upper_bound(placed.begin(), placed.end(), life,
                                   [&](const Life& a, const Life& b) { return offset(a) < offset(b); }),
                  life);
  }
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
  place(lives_of(plan, result.uploads), result);
  return result;
}

}  // namespace torchtrt::engine

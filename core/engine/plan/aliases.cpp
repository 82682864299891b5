// Aliases: found in the network as the user wrote it, so that no pass can make one, or lose one.
#include "core/engine/plan/aliases.h"

#include <algorithm>
#include <set>

#include "core/engine/graph/compact.h"
#include "core/engine/layers/kv_cache_update.h"
#include "core/engine/layers/plugin.h"

namespace torchtrt::engine {
namespace {

// The network's input that an output of a plugin is, written in place, or kNoId.
ValueId written_input_of(const Graph& graph, const PluginLayer& plugin, ValueId output) {
  const Value& value = graph.stale_value(output);
  if (plugin.aliases.empty()) return kNoId;
  const int64_t input = plugin.aliases[static_cast<size_t>(value.output_index)];
  const bool in_place = std::find(plugin.in_place.begin(), plugin.in_place.end(), input) != plugin.in_place.end();
  return in_place ? graph.node(value.producer).inputs[static_cast<size_t>(input)] : kNoId;
}

// The cache of an update in place that makes `value`, or kNoId.
ValueId cache_of(const Graph& graph, ValueId value) {
  const NodeId producer = graph.stale_value(value).producer;
  if (producer == kNoId) return kNoId;
  if (const PluginLayer* plugin = as_plugin(*graph.node(producer).layer))
    return written_input_of(graph, *plugin, value);
  const auto* update = as<KVCacheUpdate>(*graph.node(producer).layer);
  return update && update->in_place ? graph.node(producer).inputs[0] : kNoId;
}

}  // namespace

void mark_in_place(Graph& network) {
  std::set<ValueId> updated;
  for (const NodeId id : live_nodes(network)) {
    auto* update = as<KVCacheUpdate>(*network.mutable_node(id).layer);
    if (!update) continue;
    const Node& node = network.node(id);
    const Value& cache = network.stale_value(node.inputs[0]);
    update->in_place = cache.producer == kNoId && network.is_output(node.outputs[0]);
    TORCHTRT_CHECK(!update->in_place || updated.insert(node.inputs[0]).second, "layer \"", node.name,
                   "\" (KVCacheUpdate) and another one update cache \"", cache.name,
                   "\" in place, and both results are outputs; give each a cache of its own");
  }
}

std::vector<int> aliases_of(const Plan& plan) {
  std::vector<int> aliases(plan.bindings.size(), -1);
  for (size_t i = 0; i < plan.bindings.size(); ++i) {
    if (plan.bindings[i].is_input) continue;
    const ValueId cache = cache_of(plan.graph, plan.bindings[i].value);
    const auto input = std::find_if(plan.bindings.begin(), plan.bindings.end(),
                                    [&](const Binding& b) { return b.is_input && b.value == cache; });
    if (input != plan.bindings.end()) aliases[i] = static_cast<int>(input - plan.bindings.begin());
  }
  return aliases;
}

bool has_other_readers(const Plan& plan, const Binding& output) {
  const ValueId cache = cache_of(plan.graph, output.value);
  if (cache == kNoId) return false;
  return std::any_of(plan.order.begin(), plan.order.end(), [&](NodeId id) {
    const std::vector<ValueId>& inputs = plan.graph.node(id).inputs;
    const auto uses = std::count(inputs.begin(), inputs.end(), cache);
    return uses > (id == plan.graph.stale_value(output.value).producer ? 1 : 0);
  });
}

}  // namespace torchtrt::engine

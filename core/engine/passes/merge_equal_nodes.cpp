// y = f(x), z = f(x)  ->  y = f(x), z replaced by y
//
// Valid for equal kinds, attributes and inputs; random fills and plugins are never equal. Outputs of the network keep
// their nodes.
#include <map>

#include "core/engine/layers/fill.h"
#include "core/engine/layers/plugin.h"
#include "core/engine/passes/list.h"
#include "core/engine/passes/rewrite.h"

namespace torchtrt::engine {
namespace {

// Whether two of the same attributes can differ in what they compute.
bool is_unique(const Layer& layer) {
  const auto* fill = as<Fill>(layer);
  return as_plugin(layer) || layer.has_effect() || (fill && fill->op != FillOp::kLinspace);
}

// Weights are equal if they are the same memory.
void append(std::string& key, const FieldValue& value) {
  std::visit(
      [&]<class T>(const T& v) {
        if constexpr (std::is_same_v<T, GraphRef>) {
          key += join(v.get());  // bodies are equal if they are the same
        } else if constexpr (std::is_same_v<T, Weights>) {
          key += join(v.dtype, ' ', v.count, ' ', v.empty() ? nullptr : v.data, ' ', v.name);
        } else if constexpr (std::is_same_v<T, std::vector<int64_t>>) {
          key += join(list_of(v));
        } else if constexpr (std::is_same_v<T, std::vector<double>>) {
          for (const double item : v) key += join(std::hexfloat, item, ' ');
        } else if constexpr (!std::is_same_v<T, std::monostate>) {
          key += join(std::hexfloat, v);
        }
      },
      value);
  key += join('/', value.index(), ';');
}

std::string key_of(const Node& node) {
  std::string key = join(node.layer->kind(), list_of(node.inputs));
  for (const Field& field : node.layer->fields()) append(key, field.value);
  return key;
}

}  // namespace

bool merge_equal_nodes(Graph& graph) {
  bool changed = false;
  std::map<std::string, NodeId> first;
  for (const NodeId id : graph.order()) {
    const Node& node = graph.node(id);
    if (node.outputs.empty() || is_unique(*node.layer)) continue;
    const auto [found, fresh] = first.try_emplace(key_of(node), id);
    if (fresh) continue;
    for (size_t i = 0; i < node.outputs.size(); ++i)
      changed = drop(graph, graph.node(id).outputs[i], graph.node(found->second).outputs[i]) || changed;
  }
  return changed;
}

}  // namespace torchtrt::engine

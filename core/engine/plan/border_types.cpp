// check_border_types: constraint c4 of cast.cpp.
#include "core/engine/plan/border_types.h"

namespace torchtrt::engine {

void check_border_types(const Graph& graph, const std::vector<NodeId>& order) {
  for (const NodeId id : order) {
    const Node& node = graph.node(id);
    for (const ValueId input : node.inputs) {
      if (input == kNoId || graph.stale_value(input).dtype != DType::kUInt8) continue;
      const bool at_border = graph.stale_value(input).producer == kNoId || graph.is_output(input);
      if (!at_border)
        TORCHTRT_THROW(kInvalidConfig,
                       describe_failure(graph, id,
                                        join("tensor \"", graph.stale_value(input).name,
                                             "\" of type uint8 is neither an input nor an output of the "
                                             "network; cast to int32 or a floating type instead")));  // c4
    }
  }
}

}  // namespace torchtrt::engine

// configure_plugins: settles types, tactics and workspace of the plugins of a network.
#pragma once

#include <vector>

#include "core/engine/plan/plan.h"

namespace torchtrt::engine {

struct PluginOptions {
  bool weak = false;          // the network was weakly typed: plugins choose among the real types
  bool asks_aliases = false;  // outputs may be inputs, written in place
};

// For the nodes of `order`, at the shapes of every profile. Afterwards their layers hold what a plan needs to run them,
// and plugins of their own. Throws Error naming the layer.
void configure_plugins(Graph& graph, const std::vector<NodeId>& order, const std::vector<Profile>& profiles,
                       const PluginOptions& options);

}  // namespace torchtrt::engine

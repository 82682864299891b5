// Network: loops and conditionals.
#include "core/engine/api/conditional.h"
#include "core/engine/api/loop.h"
#include "core/engine/api/network.h"
#include "core/engine/graph/regions.h"

namespace torchtrt::engine::api {

nv::ILoop* Network::addLoop() noexcept {
  return report_.guard("INetworkDefinition::addLoop", static_cast<nv::ILoop*>(nullptr), [&]() -> nv::ILoop* {
    const int region = graph_.add_region({join("(Unnamed Loop* ", loops_.size(), ")"), true});
    return loops_.emplace_back(std::make_unique<LoopShell>(*this, region)).get();
  });
}

nv::IIfConditional* Network::addIfConditional() noexcept {
  return report_.guard(
      "INetworkDefinition::addIfConditional", static_cast<nv::IIfConditional*>(nullptr), [&]() -> nv::IIfConditional* {
        const int region = graph_.add_region({join("(Unnamed IfConditional* ", conditionals_.size(), ")"), false});
        return conditionals_.emplace_back(std::make_unique<ConditionalShell>(*this, region)).get();
      });
}

void Network::name_region(int region, const char* name) {
  TORCHTRT_REQUIRE(kInvalidArgument, name, "the name is null");
  std::vector<Region> regions = graph_.regions();
  regions[static_cast<size_t>(region)].name = name;
  graph_.set_regions(std::move(regions));
}

const char* Network::region_name(int region, std::string& kept) const noexcept {
  if (const auto& name = graph_.regions()[static_cast<size_t>(region)].name; name != kept) kept = name;
  return kept.c_str();
}

void Network::expect_outside(ValueId id) const {
  if (graph_.regions().empty()) return;
  const int region = RegionMap(graph_).region_around(id);
  TORCHTRT_REQUIRE(kInvalidArgument, region < 0, "tensor \"", graph_.stale_value(id).name, "\" lies inside ",
                   region < 0 || graph_.regions()[static_cast<size_t>(region)].is_loop ? "loop" : "conditional", " \"",
                   region < 0 ? "" : graph_.regions()[static_cast<size_t>(region)].name,
                   "\" and cannot be an output of the network; take it out with an output layer of it");
}

}  // namespace torchtrt::engine::api

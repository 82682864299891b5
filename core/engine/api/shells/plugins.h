// Shells of the plugin layers.
#pragma once

#include "core/engine/api/layer.h"
#include "core/engine/api/network.h"
#include "core/engine/api/plugin_v2.h"
#include "core/engine/api/plugin_v3.h"

namespace torchtrt::engine::api {

// What both generations share. Plugins may be asked for types together with ranks, so a new input's rank comes first.
template <class Shell, class Inner, class Kind>
class PluginShell : public LayerShell<Shell, Inner, Kind> {
 public:
  using LayerShell<Shell, Inner, Kind>::LayerShell;

  void setInput(int32_t index, nv::ITensor& tensor) noexcept override {
    const int rank = tensor.getDimensions().nbDims;
    this->report().attempt("ILayer::setInput", [&] {
      Kind& op = *as<Kind>(*this->graph().mutable_node(this->node()).layer);
      if (index < 0 || static_cast<size_t>(index) >= op.ranks.size() || op.ranks[static_cast<size_t>(index)] == rank)
        return;
      op.ranks[static_cast<size_t>(index)] = rank;
      op.slot->types.clear();
    });
    LayerBase::setInput(index, tensor);
  }
};

class PluginV2Shell final : public PluginShell<nv::IPluginV2Layer, nv::apiv::VPluginV2Layer, PluginV2> {
 public:
  using PluginShell::PluginShell;
  nv::IPluginV2& getPlugin() noexcept override { return static_cast<V2Object&>(*op().slot->object).plugin(); }
};

class PluginV3Shell final : public PluginShell<nv::IPluginV3Layer, nv::apiv::VPluginV3Layer, PluginV3> {
 public:
  using PluginShell::PluginShell;
  nv::IPluginV3& getPlugin() noexcept override { return static_cast<V3Object&>(*op().slot->object).plugin(); }
};

}  // namespace torchtrt::engine::api

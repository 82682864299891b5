// PLUGIN_V3QUICK: plugins declared by decorators in Python, whose implementation runs in Python.
#pragma once

#include <impl/NvInferPythonPlugin.h>

#include "core/engine/api/plugin_v3.h"

namespace torchtrt::engine::api {

// What plugins with implementations in Python and with kernels made ahead of time share: the build capability.
class QuickObject : public V3Object {
 public:
  // `kind`: of the build capability, without which there is nothing to ask.
  QuickObject(OwnedV3 plugin, const char* kind);
  bool can_build() const { return build_ != nullptr; }
  int output_count() const override { return build_->getNbOutputs(); }
  Types output_types(const Types& in, const std::vector<int>& ranks) const override;
  DimRule shape_rule(const ShapeArgs& in, int tensors) const override;

 protected:
  nv::IPluginV3QuickBuild& build_capability() const { return *build_; }
  // Types, tactic and aliases, after configuring this very object for every profile.
  PluginChoice choose(const PluginBuild& build, const std::function<int32_t(int32_t)>& set_tactic) const;

 private:
  Types find_types(const PluginBuild& build) const;

  nv::IPluginV3QuickBuild* build_;
};

// Takes over the plugin. Throws where it lacks a capability that the phase needs.
std::shared_ptr<V3Object> make_quick(OwnedV3 plugin, nv::TensorRTPhase phase, const V3Settings& settings);

}  // namespace torchtrt::engine::api

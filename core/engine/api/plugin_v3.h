// Plugins of the third generation: objects of IPluginV3, with the capabilities PLUGIN_V3ONE.
#pragma once

#include <NvInferRuntime.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <string>
#include <utility>

#include "core/engine/api/plugin_descs.h"

namespace torchtrt::engine::api {

namespace nv = nvinfer1;

// Ends a plugin that was cloned or created for the engine.
struct EndPlugin {
  void operator()(nv::IPluginV3* plugin) const noexcept { delete plugin; }
};
using OwnedV3 = std::unique_ptr<nv::IPluginV3, EndPlugin>;

// Throws where the plugin cannot be cloned.
OwnedV3 cloned(nv::IPluginV3& plugin);

// The capability where it is of that kind, else null.
template <class Capability>
Capability* capability(nv::IPluginV3& plugin, nv::PluginCapabilityType type, const char* kind) {
  nv::IPluginCapability* found = plugin.getCapabilityInterface(type);
  const bool same = found && std::strcmp(found->getInterfaceInfo().kind, kind) == 0;
  return same ? static_cast<Capability*>(found) : nullptr;
}

// Anything that holds an IPluginV3.
class V3Object : public PluginObject {
 public:
  explicit V3Object(OwnedV3 plugin) : plugin_(std::move(plugin)) {}
  nv::IPluginV3& plugin() const { return *plugin_; }
  // The plugin is a clone of that of `other`, with the expressions that it was told.
  void knows_what(const V3Object& other) { told_ = other.told_; }

 protected:
  // What the plugin is told next. Answers what it was told before: it has to live through the call, so that no new
  // expression has the address of one that the plugin has kept.
  std::shared_ptr<ExprBuilder> told(std::shared_ptr<ExprBuilder> fresh) const {
    return std::exchange(told_, std::move(fresh));
  }
  ExprBuilder& expressions() const { return *told_; }

 private:
  // Of the last getOutputShapes. Plugins of the bindings keep its expressions, and look at them when they are tuned.
  mutable std::shared_ptr<ExprBuilder> told_;
  OwnedV3 plugin_;
};

// What the build settled.
struct V3Settings {
  int32_t tactic = 0;
  int64_t workspace = 0;
};

struct PluginName {
  std::string name, version, name_space;
};

// Takes over the plugin. Throws where it lacks a capability that the phase needs: at build core, build and runtime; at
// run time core and runtime.
std::shared_ptr<V3Object> make_v3(OwnedV3 plugin, nv::TensorRTPhase phase, const PluginLayer& layer);
// What the plugin says of itself. Throws where a name is missing.
PluginName name_of(nv::IPluginV3& plugin);
bool is_quick(nv::IPluginV3& plugin);
PluginGeneration generation_of(nv::IPluginV3& plugin);

// getOutputShapes of either build capability.
template <class Build>
DimRule v3_shape_rule(Build& build, int outputs, const ShapeArgs& in, int tensors, ExprBuilder& expressions) {
  std::vector<nv::DimsExprs> inputs, values, shapes(static_cast<size_t>(std::max(0, outputs)));
  for (int i = 0; i < in.size(); ++i)
    i < tensors ? inputs.push_back(expressions.lengths_of(in, i)) : values.push_back(expressions.elements_of(in, i));
  check_result(build.getOutputShapes(inputs.data(), tensors, values.data(), static_cast<int32_t>(values.size()),
                                     shapes.data(), outputs, expressions),
               "getOutputShapes");
  for (const nv::DimsExprs& shape : shapes) expressions.add_output(shape);
  return expressions.rule();
}

// What its field list says, as bytes. Throws where there is none.
std::string fields_of(const nv::PluginFieldCollection* fields);
// The first of the tactics; 0 where there are none. Throws unless all are different, and none is 0.
int32_t first_tactic(int32_t count, const std::function<int32_t(int32_t*, int32_t)>& get);
// The input that each output is, or -1. Empty where none is.
std::vector<int64_t> aliases_of(int outputs, const std::function<int32_t(int32_t)>& get);

}  // namespace torchtrt::engine::api

// Plugins of the second generation: IPluginV2DynamicExt, and the static IPluginV2Ext and IPluginV2IOExt.
#pragma once

#include <NvInferRuntime.h>

#include <memory>

#include "core/engine/layers/plugin.h"

namespace torchtrt::engine::api {

namespace nv = nvinfer1;

// Ends a plugin that was cloned or created for the engine.
struct DestroyPlugin {
  void operator()(nv::IPluginV2* plugin) const noexcept { plugin->destroy(); }
};
using OwnedV2 = std::unique_ptr<nv::IPluginV2, DestroyPlugin>;

// By the top byte of getTensorRTVersion(). Throws kInvalidArgument for the plain IPluginV2, and for what is none.
PluginGeneration generation_of(const nv::IPluginV2& plugin);

// Anything that holds an IPluginV2. Initialised plugins are terminated in the end.
class V2Object : public PluginObject {
 public:
  explicit V2Object(OwnedV2 plugin) : plugin_(std::move(plugin)) {}
  ~V2Object() override {
    if (initialized_) plugin_->terminate();
  }
  nv::IPluginV2& plugin() const { return *plugin_; }
  int output_count() const override { return plugin_->getNbOutputs(); }
  Types output_types(const Types& in, const std::vector<int>& ranks) const override;
  void initialize();

 protected:
  nv::IPluginV2Ext& ext() const { return static_cast<nv::IPluginV2Ext&>(*plugin_); }
  // What serialize writes.
  std::string serialized() const;
  OwnedV2 clone() const;  // throws where there is none

 private:
  OwnedV2 plugin_;
  bool initialized_ = false;
};

// Takes over the plugin.
std::shared_ptr<V2Object> make_v2(OwnedV2 plugin);
std::shared_ptr<V2Object> make_static_v2(OwnedV2 plugin, PluginGeneration generation);

// A plugin that is attached to a context; detached in the end.
class AttachedV2 {
 public:
  AttachedV2(OwnedV2 plugin, nv::IGpuAllocator* allocator);
  ~AttachedV2() { plugin_ext().detachFromContext(); }
  AttachedV2(const AttachedV2&) = delete;
  AttachedV2& operator=(const AttachedV2&) = delete;
  nv::IPluginV2Ext& plugin_ext() const { return static_cast<nv::IPluginV2Ext&>(*plugin_); }

 private:
  OwnedV2 plugin_;
};

}  // namespace torchtrt::engine::api

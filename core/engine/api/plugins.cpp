// Names of plugins, for messages.
#include "core/engine/api/plugins.h"

#include "core/util/error.h"

namespace torchtrt::engine::api {
namespace {

const char* text(const char* name) { return name ? name : "unnamed"; }

}  // namespace

std::string describe(const nvinfer1::IPluginV2& plugin) {
  return join("PluginV2 (", text(plugin.getPluginType()), ", version ", text(plugin.getPluginVersion()), ")");
}

std::string describe(nvinfer1::IPluginV3& plugin) {
  using nvinfer1::IPluginV3OneCore;
  auto* core = static_cast<IPluginV3OneCore*>(plugin.getCapabilityInterface(nvinfer1::PluginCapabilityType::kCORE));
  if (!core) return "PluginV3";
  return join("PluginV3 (", text(core->getPluginName()), ", version ", text(core->getPluginVersion()), ")");
}

}  // namespace torchtrt::engine::api

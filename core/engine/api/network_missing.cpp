// Network: add functions of layer kinds that the engine does not have yet.
#include "core/engine/api/network.h"
#include "core/engine/api/plugins.h"

namespace torchtrt::engine::api {

std::nullptr_t Network::missing(const char* function, const char* kind) const noexcept {
  report_.error(function, nv::ErrorCode::kUNSUPPORTED_STATE,
                std::string(kind) + " layers are not built into the embedded engine yet");
  return nullptr;
}

#define TORCHTRT_MISSING(Layer, function, kind, ...) \
  nv::Layer* Network::function(__VA_ARGS__) noexcept { return missing("INetworkDefinition::" #function, kind); }

TORCHTRT_MISSING(ILoop, addLoop, "Loop")
TORCHTRT_MISSING(IIfConditional, addIfConditional, "IfConditional")
TORCHTRT_MISSING(IMoELayer, addMoE, "MoE", nv::ITensor&, nv::ITensor&, nv::ITensor&)
TORCHTRT_MISSING(IDistCollectiveLayer, addDistCollective, "DistCollective", nv::ITensor&, nv::CollectiveOperation,
                 nv::ReduceOperation, int64_t, int64_t*, int64_t)

nv::IPluginV2Layer* Network::addPluginV2(nv::ITensor* const*, int32_t, nv::IPluginV2& plugin) noexcept {
  return missing("INetworkDefinition::addPluginV2", describe(plugin).c_str());
}

nv::IPluginV3Layer* Network::addPluginV3(nv::ITensor* const*, int32_t, nv::ITensor* const*, int32_t,
                                         nv::IPluginV3& plugin) noexcept {
  return missing("INetworkDefinition::addPluginV3", describe(plugin).c_str());
}

}  // namespace torchtrt::engine::api

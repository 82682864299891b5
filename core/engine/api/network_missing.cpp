// Network: add functions of layer kinds that the engine does not have yet.
#include "core/engine/api/network.h"

namespace torchtrt::engine::api {

std::nullptr_t Network::missing(const char* function, const char* kind) const noexcept {
  report_.error(function, nv::ErrorCode::kUNSUPPORTED_STATE,
                std::string(kind) + " layers are not built into the embedded engine yet");
  return nullptr;
}

#define TORCHTRT_MISSING(Layer, function, kind, ...) \
  nv::Layer* Network::function(__VA_ARGS__) noexcept { return missing("INetworkDefinition::" #function, kind); }

TORCHTRT_MISSING(IMoELayer, addMoE, "MoE", nv::ITensor&, nv::ITensor&, nv::ITensor&)
TORCHTRT_MISSING(IDistCollectiveLayer, addDistCollective, "DistCollective", nv::ITensor&, nv::CollectiveOperation,
                 nv::ReduceOperation, int64_t, int64_t*, int64_t)

}  // namespace torchtrt::engine::api

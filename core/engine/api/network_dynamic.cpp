// Network: add functions of layers whose results depend on data in length, or on state and other ranks.
#include "core/engine/api/network.h"
#include "core/engine/api/shells/dynamic.h"

namespace torchtrt::engine::api {

nv::INonZeroLayer* Network::addNonZero(nv::ITensor& input) noexcept {
  return addNonZeroV2(input, nv::DataType::kINT32);
}

nv::INonZeroLayer* Network::addNonZeroV2(nv::ITensor& input, nv::DataType indices_type) noexcept {
  return add<NonZeroShell>(
      "INetworkDefinition::addNonZero", [&] { return NonZero{checked_indices(indices_type)}; }, input);
}

nv::INMSLayer* Network::addNMS(nv::ITensor& boxes, nv::ITensor& scores, nv::ITensor& limit) noexcept {
  return addNMSV2(boxes, scores, limit, nv::DataType::kINT32);
}

nv::INMSLayer* Network::addNMSV2(nv::ITensor& boxes, nv::ITensor& scores, nv::ITensor& limit,
                                 nv::DataType indices_type) noexcept {
  return add<NMSShell>(
      "INetworkDefinition::addNMS",
      [&] {
        NMS op;
        op.indices_type = checked_indices(indices_type);
        return op;
      },
      boxes, scores, limit);
}

nv::IKVCacheUpdateLayer* Network::addKVCacheUpdate(nv::ITensor& cache, nv::ITensor& update, nv::ITensor& write_indices,
                                                   nv::KVCacheMode mode) noexcept {
  return add<KVCacheUpdateShell>(
      "INetworkDefinition::addKVCacheUpdate", [&] { return KVCacheUpdate{ours(mode)}; }, cache, update, write_indices);
}

}  // namespace torchtrt::engine::api

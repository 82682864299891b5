// Network: add functions of layers whose results depend on data in length, or on state and other ranks.
#include "core/engine/api/network.h"
#include "core/engine/api/shells/dynamic.h"

namespace torchtrt::engine::api {
namespace {

KVCacheUpdate with_mode(CacheMode mode) {
  KVCacheUpdate op;
  op.mode = mode;
  return op;
}

// Version 11 has more of them than 10.
CollectiveOp checked_operation(nv::CollectiveOperation operation) {
  const int number = static_cast<int>(operation), count = nv::EnumMax<nv::CollectiveOperation>();
  TORCHTRT_REQUIRE(kInvalidArgument, number >= 0 && number < count, "CollectiveOperation ", number,
                   " does not exist; values are 0 to ", count - 1);
  return static_cast<CollectiveOp>(number);
}

// ReduceOperation means more here than in a Reduce layer, which knows no kNONE.
CollectiveReduceOp checked_reduction(nv::ReduceOperation operation) {
  const int number = static_cast<int>(operation);
  TORCHTRT_REQUIRE(kInvalidArgument, number >= 0 && number <= static_cast<int>(CollectiveReduceOp::kNone),
                   "ReduceOperation ", number, " does not exist");
  return static_cast<CollectiveReduceOp>(number);
}

}  // namespace

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
      "INetworkDefinition::addKVCacheUpdate", [&] { return with_mode(ours(mode)); }, cache, update, write_indices);
}

nv::IMoELayer* Network::addMoE(nv::ITensor& hidden_states, nv::ITensor& selected, nv::ITensor& scores) noexcept {
  return add<MoEShell>(
      "INetworkDefinition::addMoE", [] { return MoE{}; }, hidden_states, selected, scores);
}

nv::IDistCollectiveLayer* Network::addDistCollective(nv::ITensor& input, nv::CollectiveOperation operation,
                                                     nv::ReduceOperation reduce_operation, int64_t root,
                                                     int64_t* groups, int64_t group_size) noexcept {
  return add<DistCollectiveShell>(
      "INetworkDefinition::addDistCollective",
      [&] {
        TORCHTRT_REQUIRE(kInvalidArgument, group_size >= 0 && (group_size == 0 || groups), "a group of ", group_size,
                         " ranks", groups ? "" : " at a null address");
        DistCollective op;
        op.op = checked_operation(operation);
        op.reduce_op = checked_reduction(reduce_operation);
        op.root = root;
        op.groups.assign(groups, groups + group_size);
        return op;
      },
      input);
}

}  // namespace torchtrt::engine::api

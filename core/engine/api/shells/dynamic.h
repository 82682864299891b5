// Shells of layers whose results depend on data in length (NonZero, NMS), or on state and other ranks.
#pragma once

#include "core/engine/api/layer.h"
#include "core/engine/layers/kv_cache_update.h"
#include "core/engine/layers/nms.h"
#include "core/engine/layers/non_zero.h"

namespace torchtrt::engine::api {

// A type that indices may have.
inline DType checked_indices(nv::DataType type) {
  const DType dtype = ours(type);
  TORCHTRT_REQUIRE(kInvalidArgument, is_index(dtype), "indices of type ", dtype, "; int32 or int64 expected");
  return dtype;
}

class NonZeroShell final : public LayerShell<nv::INonZeroLayer, nv::apiv::VNonZeroLayer, NonZero> {
 public:
  using LayerShell::LayerShell;
  bool setIndicesType(nv::DataType type) noexcept override {
    return change("INonZeroLayer::setIndicesType", [&](NonZero& op) { op.indices_type = checked_indices(type); });
  }
  nv::DataType getIndicesType() const noexcept override { return theirs(op().indices_type); }
};

class NMSShell final : public LayerShell<nv::INMSLayer, nv::apiv::VNMSLayer, NMS> {
 public:
  using LayerShell::LayerShell;
  void setBoundingBoxFormat(nv::BoundingBoxFormat format) noexcept override {
    change("INMSLayer::setBoundingBoxFormat", [&](NMS& op) { op.format = ours(format); });
  }
  nv::BoundingBoxFormat getBoundingBoxFormat() const noexcept override { return theirs(op().format); }
  void setTopKBoxLimit(int32_t limit) noexcept override {
    change("INMSLayer::setTopKBoxLimit", [&](NMS& op) { op.box_limit = limit; });
  }
  int32_t getTopKBoxLimit() const noexcept override { return static_cast<int32_t>(op().box_limit); }
  bool setIndicesType(nv::DataType type) noexcept override {
    return change("INMSLayer::setIndicesType", [&](NMS& op) { op.indices_type = checked_indices(type); });
  }
  nv::DataType getIndicesType() const noexcept override { return theirs(op().indices_type); }

 protected:
  int most_inputs() const override { return 5; }
};

class KVCacheUpdateShell final
    : public LayerShell<nv::IKVCacheUpdateLayer, nv::apiv::VKVCacheUpdateLayer, KVCacheUpdate> {
 public:
  using LayerShell::LayerShell;
  bool setCacheMode(nv::KVCacheMode mode) noexcept override {
    return change("IKVCacheUpdateLayer::setCacheMode", [&](KVCacheUpdate& op) { op.mode = ours(mode); });
  }
  nv::KVCacheMode getCacheMode() const noexcept override { return theirs(op().mode); }
};

}  // namespace torchtrt::engine::api

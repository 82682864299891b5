// Shells of layers whose results depend on data in length (NonZero, NMS), or on state and other ranks.
#pragma once

#include "core/engine/api/layer.h"
#include "core/engine/layers/dist_collective.h"
#include "core/engine/layers/kv_cache_update.h"
#include "core/engine/layers/moe.h"
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
#if TORCHTRT_TENSORRT_MAJOR > 10
  bool setUpdateForm(nv::AttentionIOForm form) noexcept override {
    return change("IKVCacheUpdateLayer::setUpdateForm", [&](KVCacheUpdate& op) { op.update_form = ours(form); });
  }
  nv::AttentionIOForm getUpdateForm() const noexcept override { return theirs(op().update_form); }
  bool setUpdateLengths(nv::ITensor* lengths) noexcept override {
    return report().attempt("IKVCacheUpdateLayer::setUpdateLengths", [&] {
      if (!lengths) return reset_input(KVCacheUpdate::kLengths);
      graph().set_input(node(), KVCacheUpdate::kLengths, network().id_of(*lengths));
    });
  }
  nv::ITensor* getUpdateLengths() const noexcept override { return LayerBase::getInput(KVCacheUpdate::kLengths); }
#endif
};

// Inputs 0 to 2 are set by setInput, those behind by their own setters.
class MoEShell final : public LayerShell<nv::IMoELayer, nv::apiv::VMoELayer, MoE> {
 public:
  using LayerShell::LayerShell;
  void setGatedWeights(nv::ITensor& gate, nv::ITensor& up, nv::ITensor& down, nv::MoEActType type) noexcept override;
  void setGatedBiases(nv::ITensor& gate, nv::ITensor& up, nv::ITensor& down) noexcept override;
  void setActivationType(nv::MoEActType type) noexcept override {
    change("IMoELayer::setActivationType", [&](MoE& op) { op.activation = checked(type); });
  }
  nv::MoEActType getActivationType() const noexcept override { return theirs(op().activation); }
  void setQuantizationStatic(nv::ITensor& scale, nv::DataType type) noexcept override;
  void setQuantizationDynamicDblQ(nv::ITensor& scale, nv::DataType type, const nv::Dims& block_shape,
                                  nv::DataType scale_type) noexcept override;
  void setQuantizationToType(nv::DataType type) noexcept override {
    change("IMoELayer::setQuantizationToType", [&](MoE& op) { op.quantize_to = ours(type); });
  }
  nv::DataType getQuantizationToType() const noexcept override { return theirs(op().quantize_to); }
  void setQuantizationBlockShape(const nv::Dims& shape) noexcept override {
    change("IMoELayer::setQuantizationBlockShape", [&](MoE& op) { op.block_shape = checked_block(shape); });
  }
  nv::Dims getQuantizationBlockShape() const noexcept override {
    return op().block_shape.empty() ? no_dims() : dims_of(op().block_shape);
  }
  void setDynQOutputScaleType(nv::DataType type) noexcept override {
    change("IMoELayer::setDynQOutputScaleType", [&](MoE& op) { op.scale_type = ours(type); });
  }
  nv::DataType getDynQOutputScaleType() const noexcept override { return theirs(op().scale_type); }
  void setSwigluParams(float limit, float alpha, float beta) noexcept override {
    change("IMoELayer::setSwigluParams", [&](MoE& op) { op.limit = limit, op.alpha = alpha, op.beta = beta; });
  }
  void setSwigluParamLimit(float limit) noexcept override {
    change("IMoELayer::setSwigluParamLimit", [&](MoE& op) { op.limit = limit; });
  }
  float getSwigluParamLimit() const noexcept override { return op().limit; }
  void setSwigluParamAlpha(float alpha) noexcept override {
    change("IMoELayer::setSwigluParamAlpha", [&](MoE& op) { op.alpha = alpha; });
  }
  float getSwigluParamAlpha() const noexcept override { return op().alpha; }
  void setSwigluParamBeta(float beta) noexcept override {
    change("IMoELayer::setSwigluParamBeta", [&](MoE& op) { op.beta = beta; });
  }
  float getSwigluParamBeta() const noexcept override { return op().beta; }
  // Of VMoELayer and of VLayer.
  void setInput(int32_t index, nv::ITensor& tensor) noexcept override;

 private:
  static MoEActivation checked(nv::MoEActType type);
  static std::vector<int64_t> checked_block(const nv::Dims& shape);
  // Sets inputs from `first` on and edits the fields; all of it or nothing.
  template <class Edit>
  void set_inputs(const char* function, int first, std::initializer_list<nv::ITensor*> tensors, Edit&& edit);
};

class DistCollectiveShell final
    : public LayerShell<nv::IDistCollectiveLayer, nv::apiv::VDistCollectiveLayer, DistCollective> {
 public:
  using LayerShell::LayerShell;
  bool setNbRanks(int32_t ranks) noexcept override {
    return change("ILayer::setNbRanks", [&](DistCollective& op) { op.ranks = ranks; });
  }
  int32_t getNbRanks() const noexcept override { return static_cast<int32_t>(op().ranks); }
};

}  // namespace torchtrt::engine::api

// AttentionBlock: IAttention over one Attention node, and the two boundary layers that a network lists for it.
#pragma once

#include <NvInfer.h>

#include "core/engine/api/layer.h"
#include "core/engine/layers/attention.h"

namespace torchtrt::engine::api {

// Owned by the network. Input 3 of the node is the mask.
class AttentionBlock final : public nv::IAttention, public nv::apiv::VAttention {
 public:
  AttentionBlock(Network& network, NodeId node);

  bool setInput(int32_t index, nv::ITensor& input) noexcept override;
  int32_t getNbInputs() const noexcept override { return 3; }
  nv::ITensor* getInput(int32_t index) const noexcept override;
  int32_t getNbOutputs() const noexcept override { return 1; }
  nv::ITensor* getOutput(int32_t index) const noexcept override;
  bool setName(const char* name) noexcept override;
  const char* getName() const noexcept override;
  bool setNormalizationOperation(nv::AttentionNormalizationOp operation) noexcept override;
  nv::AttentionNormalizationOp getNormalizationOperation() const noexcept override;
  bool setCausal(bool causal) noexcept override;
  bool getCausal() const noexcept override { return op().causal == CausalMask::kUpperLeft; }
  bool setMask(nv::ITensor& mask) noexcept override;
  nv::ITensor* getMask() const noexcept override { return getInput(3); }
  bool setDecomposable(bool decomposable) noexcept override;
  bool getDecomposable() const noexcept override { return decomposable_; }
  bool setNormalizationQuantizeScale(nv::ITensor& tensor) noexcept override;
  nv::ITensor* getNormalizationQuantizeScale() const noexcept override { return getInput(Attention::kQuantizeScale); }
  bool setNormalizationQuantizeToType(nv::DataType type) noexcept override;
  nv::DataType getNormalizationQuantizeToType() const noexcept override;
  bool setMetadata(const char* text) noexcept override;
  const char* getMetadata() const noexcept override;
  bool setNbRanks(int32_t ranks) noexcept override;
  int32_t getNbRanks() const noexcept override { return 1; }
#if TORCHTRT_TENSORRT_MAJOR > 10
  bool setCausalKind(nv::CausalMaskKind kind) noexcept override;
  nv::CausalMaskKind getCausalKind() const noexcept override { return theirs(op().causal); }
  bool setQueryForm(nv::AttentionIOForm form) noexcept override;
  nv::AttentionIOForm getQueryForm() const noexcept override { return theirs(op().query_form); }
  bool setKeyValueForm(nv::AttentionIOForm form) noexcept override;
  nv::AttentionIOForm getKeyValueForm() const noexcept override { return theirs(op().key_value_form); }
  bool setQueryLengths(nv::ITensor* lengths) noexcept override;
  nv::ITensor* getQueryLengths() const noexcept override { return getInput(Attention::kQueryLengths); }
  bool setKeyValueLengths(nv::ITensor* lengths) noexcept override;
  nv::ITensor* getKeyValueLengths() const noexcept override { return getInput(Attention::kKeyValueLengths); }
#endif

  static bool normalizes(nv::AttentionNormalizationOp operation);  // throws kInvalidArgument

 private:
  const Attention& op() const;
  template <class Edit>
  bool change(const char* function, Edit&& edit);
  bool set_input(const char* function, int32_t index, const nv::ITensor* tensor);
  bool set_causal(const char* function, CausalMask causal);

  Network& network_;
  NodeId node_;
  bool decomposable_ = false;  // every attention of this engine may be decomposed
  mutable std::string name_, metadata_;
};

// The layers with the data inputs and with the output, as getLayer answers them.
class AttentionInputShell final : public nv::IAttentionInputLayer,
                                  public nv::apiv::VAttentionBoundaryLayer,
                                  public nv::apiv::VAttentionInputLayer,
                                  public LayerBase {
 public:
  AttentionInputShell(Network& network, NodeId node, AttentionBlock& block);
  nv::ILayer* shell() override { return this; }
  nv::IAttention* getAttention() const noexcept override { return &block_; }
  int32_t getNbOutputs() const noexcept override { return 0; }
  nv::ITensor* getOutput(int32_t) const noexcept override { return nullptr; }

 protected:
  int most_inputs() const override { return Attention::kMostInputs; }

 private:
  AttentionBlock& block_;
};

class AttentionOutputShell final : public nv::IAttentionOutputLayer,
                                   public nv::apiv::VAttentionBoundaryLayer,
                                   public nv::apiv::VAttentionOutputLayer,
                                   public LayerBase {
 public:
  AttentionOutputShell(Network& network, NodeId node, AttentionBlock& block);
  nv::ILayer* shell() override { return this; }
  nv::IAttention* getAttention() const noexcept override { return &block_; }
  int32_t getNbInputs() const noexcept override { return 0; }
  nv::ITensor* getInput(int32_t) const noexcept override { return nullptr; }

 private:
  AttentionBlock& block_;
};

}  // namespace torchtrt::engine::api

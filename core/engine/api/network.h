// Network: INetworkDefinition over a Graph; owns the shells of its tensors and layers.
#pragma once

#include <NvInfer.h>

#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/engine/api/layer.h"
#include "core/engine/api/majors.h"
#include "core/engine/api/report.h"
#include "core/engine/api/tensor.h"
#include "core/engine/graph/graph.h"
#include "core/engine/layers/attention.h"

namespace torchtrt::engine::api {

class AttentionBlock;
class ConditionalShell;
class LoopShell;

// What becomes of a tensor's value: read on the host to find shapes, computed with on the device, both, or neither.
struct Uses {
  bool value = false;
  bool elements = false;
};

class Network final : public nv::INetworkDefinition, public nv::apiv::VNetworkDefinition {
 public:
  Network(nv::IBuilder& builder, const Report& report, nv::NetworkDefinitionCreationFlags flags);
  ~Network() override;

  const Report& report() const { return report_; }
  Graph& graph() { return graph_; }
  const Graph& graph() const { return graph_; }
  Tensor* tensor(ValueId id);                      // null for kNoId
  ValueId id_of(const nv::ITensor& tensor) const;  // throws kInvalidArgument for a tensor of another network
  bool is_output(ValueId id) const;
  Uses uses_of(ValueId id) const;
  const std::set<std::string>& refittable_weights() const { return refittable_; }
  bool unfused_debug() const { return unfused_debug_; }

  // ---- what stands in network.cpp
  nv::ITensor* addInput(const char* name, nv::DataType type, const nv::Dims& dimensions) noexcept override;
  void markOutput(nv::ITensor& tensor) noexcept override;
  void unmarkOutput(nv::ITensor& tensor) noexcept override;
  bool markOutputForShapes(nv::ITensor& tensor) noexcept override;
  bool unmarkOutputForShapes(nv::ITensor& tensor) noexcept override;
  void removeTensor(nv::ITensor& tensor) noexcept override;
  int32_t getNbLayers() const noexcept override { return static_cast<int32_t>(layers_.size()); }
  nv::ILayer* getLayer(int32_t index) const noexcept override;
  int32_t getNbInputs() const noexcept override { return static_cast<int32_t>(graph_.inputs().size()); }
  nv::ITensor* getInput(int32_t index) const noexcept override;
  int32_t getNbOutputs() const noexcept override { return static_cast<int32_t>(outputs_.size()); }
  nv::ITensor* getOutput(int32_t index) const noexcept override;
  void setName(const char* name) noexcept override;
  const char* getName() const noexcept override { return graph_.name().c_str(); }
  bool hasImplicitBatchDimension() const noexcept override { return false; }
  void setErrorRecorder(nv::IErrorRecorder* recorder) noexcept override { report_.set_recorder(recorder); }
  nv::IErrorRecorder* getErrorRecorder() const noexcept override { return report_.recorder(); }
  nv::IBuilder& getBuilder() const noexcept override { return builder_; }
  nv::NetworkDefinitionCreationFlags getFlags() const noexcept override { return flags_; }
  bool getFlag(nv::NetworkDefinitionCreationFlag flag) const noexcept override {
    return static_cast<uint32_t>(flag) < 32 && (flags_ >> static_cast<uint32_t>(flag) & 1u) != 0;
  }
  bool setWeightsName(nv::Weights weights, const char* name) noexcept override;
  bool markWeightsRefittable(const char* name) noexcept override;
  bool unmarkWeightsRefittable(const char* name) noexcept override;
  bool areWeightsMarkedRefittable(const char* name) const noexcept override;
  bool markDebug(nv::ITensor& tensor) noexcept override;
  bool unmarkDebug(nv::ITensor& tensor) noexcept override;
  bool isDebugTensor(const nv::ITensor& tensor) const noexcept override;
  bool markUnfusedTensorsAsDebugTensors() noexcept override { return unfused_debug_ = true; }
  bool unmarkUnfusedTensorsAsDebugTensors() noexcept override { return !(unfused_debug_ = false); }

  // ---- network_layers.cpp
  nv::IActivationLayer* addActivation(nv::ITensor& input, nv::ActivationType type) noexcept override;
  nv::IElementWiseLayer* addElementWise(nv::ITensor& input1, nv::ITensor& input2,
                                        nv::ElementWiseOperation op) noexcept override;
  nv::IUnaryLayer* addUnary(nv::ITensor& input, nv::UnaryOperation operation) noexcept override;
  nv::ICastLayer* addCast(nv::ITensor& input, nv::DataType type) noexcept override;
  nv::IIdentityLayer* addIdentity(nv::ITensor& input) noexcept override;
  nv::ISelectLayer* addSelect(nv::ITensor& condition, nv::ITensor& then_input,
                              nv::ITensor& else_input) noexcept override;
  nv::ISoftMaxLayer* addSoftMax(nv::ITensor& input) noexcept override;
  nv::IReduceLayer* addReduce(nv::ITensor& input, nv::ReduceOperation operation, uint32_t axes,
                              bool keep_dimensions) noexcept override;
  nv::ITopKLayer* addTopK(nv::ITensor& input, nv::TopKOperation op, int32_t k, uint32_t axes) noexcept override;
  nv::ITopKLayer* addTopKV2(nv::ITensor& input, nv::TopKOperation op, int32_t k, uint32_t axes,
                            nv::DataType indices_type) noexcept override;
  nv::ICumulativeLayer* addCumulative(nv::ITensor& input, nv::ITensor& axis, nv::CumulativeOperation operation,
                                      bool exclusive, bool reverse) noexcept override;
  nv::INormalizationLayer* addNormalization(nv::ITensor& input, nv::ITensor& scale, nv::ITensor& bias,
                                            uint32_t axes) noexcept override;
  nv::INormalizationLayer* addNormalizationV2(nv::ITensor& input, nv::ITensor& scale, nv::ITensor& bias,
                                              uint32_t axes) noexcept override;
  nv::IMatrixMultiplyLayer* addMatrixMultiply(nv::ITensor& input0, nv::MatrixOperation op0, nv::ITensor& input1,
                                              nv::MatrixOperation op1) noexcept override;
  nv::IEinsumLayer* addEinsum(nv::ITensor* const* inputs, int32_t count, const char* equation) noexcept override;
  nv::IScaleLayer* addScale(nv::ITensor& input, nv::ScaleMode mode, nv::Weights shift, nv::Weights scale,
                            nv::Weights power) noexcept override;
  nv::IScaleLayer* addScaleNd(nv::ITensor& input, nv::ScaleMode mode, nv::Weights shift, nv::Weights scale,
                              nv::Weights power, int32_t channel_axis) noexcept override;
  nv::IConvolutionLayer* addConvolutionNd(nv::ITensor& input, int64_t maps, const nv::Dims& kernel_size,
                                          nv::Weights kernel, nv::Weights bias) noexcept override;
  nv::IDeconvolutionLayer* addDeconvolutionNd(nv::ITensor& input, int64_t maps, const nv::Dims& kernel_size,
                                              nv::Weights kernel, nv::Weights bias) noexcept override;
  nv::IPoolingLayer* addPoolingNd(nv::ITensor& input, nv::PoolingType type,
                                  const nv::Dims& window_size) noexcept override;
  nv::IAttention* addAttention(nv::ITensor& query, nv::ITensor& key, nv::ITensor& value,
                               nv::AttentionNormalizationOp operation, bool causal) noexcept override;
#if TORCHTRT_TENSORRT_MAJOR > 10
  nv::IAttention* addAttentionV2(nv::ITensor& query, nv::ITensor& key, nv::ITensor& value,
                                 nv::AttentionNormalizationOp operation, nv::CausalMaskKind causal) noexcept override;
#endif

  // ---- network_shapes.cpp
  nv::IConstantLayer* addConstant(const nv::Dims& dimensions, nv::Weights weights) noexcept override;
  nv::IFillLayer* addFill(const nv::Dims& dimensions, nv::FillOperation op) noexcept TORCHTRT_OVERRIDE_10;
  nv::IFillLayer* addFillV2(const nv::Dims& dimensions, nv::FillOperation op, nv::DataType type) noexcept override;
  nv::IShapeLayer* addShape(nv::ITensor& input) noexcept override;
  nv::IShuffleLayer* addShuffle(nv::ITensor& input) noexcept override;
  nv::ISqueezeLayer* addSqueeze(nv::ITensor& input, nv::ITensor& axes) noexcept override;
  // Null axes: all whose length is known to be 1 now, so that the rank is known.
  nv::ISqueezeLayer* addSqueezeV2(nv::ITensor& input, nv::ITensor* axes) noexcept TORCHTRT_OVERRIDE_11;
  nv::IUnsqueezeLayer* addUnsqueeze(nv::ITensor& input, nv::ITensor& axes) noexcept override;
  nv::ISliceLayer* addSlice(nv::ITensor& input, const nv::Dims& start, const nv::Dims& size,
                            const nv::Dims& stride) noexcept override;
  nv::IConcatenationLayer* addConcatenation(nv::ITensor* const* inputs, int32_t count) noexcept override;
  nv::IGatherLayer* addGather(nv::ITensor& data, nv::ITensor& indices, int32_t axis) noexcept override;
  nv::IGatherLayer* addGatherV2(nv::ITensor& data, nv::ITensor& indices, nv::GatherMode mode) noexcept override;
  nv::IPaddingLayer* addPaddingNd(nv::ITensor& input, const nv::Dims& pre, const nv::Dims& post) noexcept override;
  nv::IResizeLayer* addResize(nv::ITensor& input) noexcept override;

  // ---- network_control.cpp
  nv::ILoop* addLoop() noexcept override;
  nv::IIfConditional* addIfConditional() noexcept override;
  // A boundary layer of a loop or conditional, whose shell knows its owner.
  template <class Shell, class Op, class Owner>
  Shell* keep_boundary(Op op, std::vector<ValueId> inputs, Owner& owner);
  void name_region(int region, const char* name);  // throws kInvalidArgument for null
  const char* region_name(int region, std::string& kept) const noexcept;

  // ---- network_kinds.cpp, network_quantize.cpp, network_dynamic.cpp, network_plugins.cpp, network_control.cpp
  nv::ILRNLayer* addLRN(nv::ITensor&, int64_t, float, float, float) noexcept override;
  nv::IRaggedSoftMaxLayer* addRaggedSoftMax(nv::ITensor&, nv::ITensor&) noexcept override;
  nv::IPluginV2Layer* addPluginV2(nv::ITensor* const*, int32_t, nv::IPluginV2& plugin) noexcept override;
  nv::IPluginV3Layer* addPluginV3(nv::ITensor* const*, int32_t, nv::ITensor* const*, int32_t,
                                  nv::IPluginV3& plugin) noexcept override;
  nv::IParametricReLULayer* addParametricReLU(nv::ITensor&, nv::ITensor&) noexcept override;
  nv::IDequantizeLayer* addDequantize(nv::ITensor&, nv::ITensor&) noexcept TORCHTRT_OVERRIDE_10;
  nv::IQuantizeLayer* addQuantize(nv::ITensor&, nv::ITensor&) noexcept TORCHTRT_OVERRIDE_10;
  nv::IScatterLayer* addScatter(nv::ITensor&, nv::ITensor&, nv::ITensor&, nv::ScatterMode) noexcept override;
  nv::IAssertionLayer* addAssertion(nv::ITensor&, const char*) noexcept override;
  nv::IOneHotLayer* addOneHot(nv::ITensor&, nv::ITensor&, nv::ITensor&, int32_t) noexcept override;
  nv::INonZeroLayer* addNonZero(nv::ITensor&) noexcept override;
  nv::IGridSampleLayer* addGridSample(nv::ITensor&, nv::ITensor&) noexcept override;
  nv::INMSLayer* addNMS(nv::ITensor&, nv::ITensor&, nv::ITensor&) noexcept override;
  nv::IReverseSequenceLayer* addReverseSequence(nv::ITensor&, nv::ITensor&) noexcept override;
  nv::IQuantizeLayer* addQuantizeV2(nv::ITensor&, nv::ITensor&, nv::DataType) noexcept override;
  nv::IDequantizeLayer* addDequantizeV2(nv::ITensor&, nv::ITensor&, nv::DataType) noexcept override;
  nv::IDynamicQuantizeLayer* addDynamicQuantize(nv::ITensor&, int32_t, int32_t, nv::DataType,
                                                nv::DataType) noexcept override;
  nv::INonZeroLayer* addNonZeroV2(nv::ITensor&, nv::DataType) noexcept override;
  nv::INMSLayer* addNMSV2(nv::ITensor&, nv::ITensor&, nv::ITensor&, nv::DataType) noexcept override;
  nv::IRotaryEmbeddingLayer* addRotaryEmbedding(nv::ITensor&, nv::ITensor&, nv::ITensor&, bool,
                                                int32_t) noexcept override;
  nv::IDynamicQuantizeLayer* addDynamicQuantizeV2(nv::ITensor&, const nv::Dims&, nv::DataType,
                                                  nv::DataType) noexcept override;
  nv::IKVCacheUpdateLayer* addKVCacheUpdate(nv::ITensor&, nv::ITensor&, nv::ITensor&,
                                            nv::KVCacheMode) noexcept override;
  nv::IMoELayer* addMoE(nv::ITensor&, nv::ITensor&, nv::ITensor&) noexcept override;
  nv::IDistCollectiveLayer* addDistCollective(nv::ITensor&, nv::CollectiveOperation, nv::ReduceOperation, int64_t,
                                              int64_t*, int64_t) noexcept override;

 private:
  nv::IAttention* add_attention(nv::ITensor& query, nv::ITensor& key, nv::ITensor& value,
                                nv::AttentionNormalizationOp operation, CausalMask causal) noexcept;
  // Runs `make`, which answers the kind with its fields, and adds it with these inputs. Null after an error.
  template <class Shell, class Make, class... Inputs>
  Shell* add(const char* function, Make&& make, const Inputs&... inputs) noexcept;
  template <class Shell, class Make>
  Shell* add_list(const char* function, Make&& make, nv::ITensor* const* inputs, int32_t count) noexcept;
  template <class Shell, class Op>
  Shell* keep(Op op, std::vector<ValueId> inputs);
  std::vector<ValueId> ids_of(nv::ITensor* const* inputs, int32_t count) const;
  int rank_of(const nv::ITensor& tensor) const;
  void expect_outside(ValueId id) const;  // throws kInvalidArgument where it lies in a loop or conditional
  uint8_t find_uses(ValueId id, std::unordered_map<ValueId, uint8_t>& known) const;

  nv::IBuilder& builder_;
  Report report_;
  nv::NetworkDefinitionCreationFlags flags_;
  Graph graph_;
  std::unordered_map<ValueId, std::unique_ptr<Tensor>> tensors_;
  std::vector<std::unique_ptr<LayerBase>> layers_;  // in the order of addition
  std::vector<std::unique_ptr<AttentionBlock>> attentions_;
  std::vector<std::unique_ptr<LoopShell>> loops_;
  std::vector<std::unique_ptr<ConditionalShell>> conditionals_;
  std::vector<ValueId> outputs_;  // marked either way, in order
  std::set<std::string> refittable_;
  bool unfused_debug_ = false;
};

template <class Shell, class Op>
Shell* Network::keep(Op op, std::vector<ValueId> inputs) {
  const NodeId id = graph_.add(std::move(op), std::move(inputs));
  auto shell = std::make_unique<Shell>(*this, id);
  Shell* raw = shell.get();
  layers_.push_back(std::move(shell));
  return raw;
}

template <class Shell, class Op, class Owner>
Shell* Network::keep_boundary(Op op, std::vector<ValueId> inputs, Owner& owner) {
  const NodeId id = graph_.add(std::move(op), std::move(inputs));
  auto shell = std::make_unique<Shell>(*this, id, owner);
  Shell* raw = shell.get();
  layers_.push_back(std::move(shell));
  return raw;
}

template <class Shell, class Make, class... Inputs>
Shell* Network::add(const char* function, Make&& make, const Inputs&... inputs) noexcept {
  return report_.guard(function, static_cast<Shell*>(nullptr), [&] { return keep<Shell>(make(), {id_of(inputs)...}); });
}

template <class Shell, class Make>
Shell* Network::add_list(const char* function, Make&& make, nv::ITensor* const* inputs, int32_t count) noexcept {
  return report_.guard(function, static_cast<Shell*>(nullptr),
                       [&] { return keep<Shell>(make(), ids_of(inputs, count)); });
}

}  // namespace torchtrt::engine::api

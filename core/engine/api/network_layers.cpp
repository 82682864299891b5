// Network: add functions of layers that compute.
#include <algorithm>

#include "core/engine/api/attention.h"
#include "core/engine/api/network.h"
#include "core/engine/api/shells/pointwise.h"
#include "core/engine/api/shells/reductions.h"
#include "core/engine/api/shells/windows.h"

namespace torchtrt::engine::api {
namespace {

template <class Kind>
Kind convolution(int rank, int64_t maps, const nv::Dims& kernel_size, const nv::Weights& kernel,
                 const nv::Weights& bias) {
  TORCHTRT_REQUIRE(kInvalidArgument, maps >= 1, "the number of output maps is ", maps, ", expected at least 1");
  Kind op;
  op.kernel_size = window_of(kernel_size, "kernel size");
  const size_t axes = op.kernel_size.size();
  TORCHTRT_REQUIRE(kInvalidArgument, rank < 0 || rank == static_cast<int>(axes) + 2, "a kernel with ", axes,
                   " axes needs an input of rank ", axes + 2, " (batch, channels, space), not ", rank);
  op.output_maps = maps;
  op.stride.assign(axes, 1);
  op.dilation.assign(axes, 1);
  op.pre_padding.assign(axes, 0);
  op.post_padding.assign(axes, 0);
  op.kernel = ours(kernel);
  op.bias = ours(bias);
  return op;
}

}  // namespace

nv::IActivationLayer* Network::addActivation(nv::ITensor& input, nv::ActivationType type) noexcept {
  return add<ActivationShell>(
      "INetworkDefinition::addActivation", [&] { return Activation{ours(type)}; }, input);
}

nv::IElementWiseLayer* Network::addElementWise(nv::ITensor& input1, nv::ITensor& input2,
                                               nv::ElementWiseOperation op) noexcept {
  return add<ElementWiseShell>(
      "INetworkDefinition::addElementWise", [&] { return ElementWise{ours(op)}; }, input1, input2);
}

nv::IUnaryLayer* Network::addUnary(nv::ITensor& input, nv::UnaryOperation operation) noexcept {
  return add<UnaryShell>(
      "INetworkDefinition::addUnary", [&] { return Unary{ours(operation)}; }, input);
}

nv::ICastLayer* Network::addCast(nv::ITensor& input, nv::DataType type) noexcept {
  return add<CastShell>(
      "INetworkDefinition::addCast", [&] { return Cast{ours(type)}; }, input);
}

nv::IIdentityLayer* Network::addIdentity(nv::ITensor& input) noexcept {
  return add<IdentityShell>(
      "INetworkDefinition::addIdentity", [] { return Identity{}; }, input);
}

nv::ISelectLayer* Network::addSelect(nv::ITensor& condition, nv::ITensor& then_input,
                                     nv::ITensor& else_input) noexcept {
  return add<SelectShell>(
      "INetworkDefinition::addSelect", [] { return Select{}; }, condition, then_input, else_input);
}

nv::ISoftMaxLayer* Network::addSoftMax(nv::ITensor& input) noexcept {
  return add<SoftMaxShell>(
      "INetworkDefinition::addSoftMax", [&] { return Softmax{std::max(0, rank_of(input) - 3)}; }, input);
}

nv::IReduceLayer* Network::addReduce(nv::ITensor& input, nv::ReduceOperation operation, uint32_t axes,
                                     bool keep_dimensions) noexcept {
  return add<ReduceShell>(
      "INetworkDefinition::addReduce",
      [&] {
        return Reduce{ours(operation), some_axes(axes, rank_of(input)), keep_dimensions};
      },
      input);
}

nv::ITopKLayer* Network::addTopK(nv::ITensor& input, nv::TopKOperation op, int32_t k, uint32_t axes) noexcept {
  return addTopKV2(input, op, k, axes, nv::DataType::kINT32);
}

nv::ITopKLayer* Network::addTopKV2(nv::ITensor& input, nv::TopKOperation op, int32_t k, uint32_t axes,
                                   nv::DataType indices_type) noexcept {
  return add<TopKShell>(
      "INetworkDefinition::addTopK",
      [&] {
        const uint32_t axis = single_axis(some_axes(axes, rank_of(input)));
        return TopK{ours(op), TopKShell::checked_k(k), axis, TopKShell::checked_indices(indices_type)};
      },
      input);
}

nv::ICumulativeLayer* Network::addCumulative(nv::ITensor& input, nv::ITensor& axis, nv::CumulativeOperation operation,
                                             bool exclusive, bool reverse) noexcept {
  return add<CumulativeShell>(
      "INetworkDefinition::addCumulative",
      [&] {
        CumulativeShell::check(operation);
        return Cumulative{exclusive, reverse};
      },
      input, axis);
}

nv::INormalizationLayer* Network::addNormalization(nv::ITensor& input, nv::ITensor& scale, nv::ITensor& bias,
                                                   uint32_t axes) noexcept {
  return add<NormalizationShell>(
      "INetworkDefinition::addNormalization",
      [&] {
        return Normalization{1e-5f, some_axes(axes, rank_of(input)), 1, /*v2=*/false};
      },
      input, scale, bias);
}

nv::INormalizationLayer* Network::addNormalizationV2(nv::ITensor& input, nv::ITensor& scale, nv::ITensor& bias,
                                                     uint32_t axes) noexcept {
  return add<NormalizationShell>(
      "INetworkDefinition::addNormalizationV2",
      [&] {
        return Normalization{1e-5f, some_axes(axes, rank_of(input)), 1, /*v2=*/true};
      },
      input, scale, bias);
}

nv::IMatrixMultiplyLayer* Network::addMatrixMultiply(nv::ITensor& input0, nv::MatrixOperation op0, nv::ITensor& input1,
                                                     nv::MatrixOperation op1) noexcept {
  return add<MatrixMultiplyShell>(
      "INetworkDefinition::addMatrixMultiply",
      [&] {
        return MatrixMultiply{ours(op0), ours(op1)};
      },
      input0, input1);
}

nv::IEinsumLayer* Network::addEinsum(nv::ITensor* const* inputs, int32_t count, const char* equation) noexcept {
  return add_list<EinsumShell>(
      "INetworkDefinition::addEinsum",
      [&] {
        TORCHTRT_REQUIRE(kInvalidArgument, equation, "the equation is null");
        return Einsum{equation};
      },
      inputs, count);
}

nv::IScaleLayer* Network::addScale(nv::ITensor& input, nv::ScaleMode mode, nv::Weights shift, nv::Weights scale,
                                   nv::Weights power) noexcept {
  return report_.guard("INetworkDefinition::addScale", static_cast<nv::IScaleLayer*>(nullptr), [&] {
    const int rank = rank_of(input);
    TORCHTRT_REQUIRE(kInvalidArgument, rank < 0 || rank >= 3, "tensor \"", input.getName(), "\" has rank ", rank,
                     ", expected at least 3: the channel axis is the third from the end");
    return addScaleNd(input, mode, shift, scale, power, std::max(0, rank - 3));
  });
}

nv::IScaleLayer* Network::addScaleNd(nv::ITensor& input, nv::ScaleMode mode, nv::Weights shift, nv::Weights scale,
                                     nv::Weights power, int32_t channel_axis) noexcept {
  return add<ScaleShell>(
      "INetworkDefinition::addScaleNd",
      [&] {
        TORCHTRT_REQUIRE(kInvalidArgument, channel_axis >= 0, "channel axis ", channel_axis, " is negative");
        Scale op{ours(mode), ours(shift), ours(scale), ours(power), channel_axis, std::nullopt};
        op.to_type = ScaleShell::default_type(graph_, id_of(input));
        return op;
      },
      input);
}

nv::IConvolutionLayer* Network::addConvolutionNd(nv::ITensor& input, int64_t maps, const nv::Dims& kernel_size,
                                                 nv::Weights kernel, nv::Weights bias) noexcept {
  return add<ConvolutionShell>(
      "INetworkDefinition::addConvolutionNd",
      [&] { return convolution<Convolution>(rank_of(input), maps, kernel_size, kernel, bias); }, input);
}

nv::IDeconvolutionLayer* Network::addDeconvolutionNd(nv::ITensor& input, int64_t maps, const nv::Dims& kernel_size,
                                                     nv::Weights kernel, nv::Weights bias) noexcept {
  return add<DeconvolutionShell>(
      "INetworkDefinition::addDeconvolutionNd",
      [&] { return convolution<Deconvolution>(rank_of(input), maps, kernel_size, kernel, bias); }, input);
}

nv::IPoolingLayer* Network::addPoolingNd(nv::ITensor& input, nv::PoolingType type,
                                         const nv::Dims& window_size) noexcept {
  return add<PoolingShell>(
      "INetworkDefinition::addPoolingNd",
      [&] {
        Pooling op;
        op.type = ours(type);
        op.window_size = window_of(window_size, "window size");
        op.stride.assign(op.window_size.size(), 1);
        op.pre_padding.assign(op.window_size.size(), 0);
        op.post_padding = op.pre_padding;
        return op;
      },
      input);
}

nv::IAttention* Network::addAttention(nv::ITensor& query, nv::ITensor& key, nv::ITensor& value,
                                      nv::AttentionNormalizationOp operation, bool causal) noexcept {
  return add_attention(query, key, value, operation, causal ? CausalMask::kUpperLeft : CausalMask::kNone);
}

#if TORCHTRT_TENSORRT_MAJOR > 10
nv::IAttention* Network::addAttentionV2(nv::ITensor& query, nv::ITensor& key, nv::ITensor& value,
                                        nv::AttentionNormalizationOp operation, nv::CausalMaskKind causal) noexcept {
  return report_.guard("INetworkDefinition::addAttentionV2", static_cast<nv::IAttention*>(nullptr),
                       [&] { return add_attention(query, key, value, operation, ours(causal)); });
}
#endif

nv::IAttention* Network::add_attention(nv::ITensor& query, nv::ITensor& key, nv::ITensor& value,
                                       nv::AttentionNormalizationOp operation, CausalMask causal) noexcept {
  return report_.guard("INetworkDefinition::addAttention", static_cast<nv::IAttention*>(nullptr), [&] {
    Attention op;
    op.causal = causal;
    op.normalize = AttentionBlock::normalizes(operation);
    const NodeId node = graph_.add(std::move(op), {id_of(query), id_of(key), id_of(value)});
    auto& block = *attentions_.emplace_back(std::make_unique<AttentionBlock>(*this, node));
    layers_.push_back(std::make_unique<AttentionInputShell>(*this, node, block));
    layers_.push_back(std::make_unique<AttentionOutputShell>(*this, node, block));
    return &block;
  });
}

}  // namespace torchtrt::engine::api

// Network: add functions of layers that index, sample, normalise across channels, rotate or assert.
#include "core/engine/api/network.h"
#include "core/engine/api/shells/kinds.h"

namespace torchtrt::engine::api {

nv::IScatterLayer* Network::addScatter(nv::ITensor& data, nv::ITensor& indices, nv::ITensor& updates,
                                       nv::ScatterMode mode) noexcept {
  return add<ScatterShell>(
      "INetworkDefinition::addScatter", [&] { return Scatter{ours(mode)}; }, data, indices, updates);
}

nv::IOneHotLayer* Network::addOneHot(nv::ITensor& indices, nv::ITensor& values, nv::ITensor& depth,
                                     int32_t axis) noexcept {
  return add<OneHotShell>(
      "INetworkDefinition::addOneHot", [&] { return OneHot{OneHotShell::checked_axis(axis, rank_of(indices))}; },
      indices, values, depth);
}

nv::IGridSampleLayer* Network::addGridSample(nv::ITensor& input, nv::ITensor& grid) noexcept {
  return add<GridSampleShell>(
      "INetworkDefinition::addGridSample", [] { return GridSample{}; }, input, grid);
}

nv::IReverseSequenceLayer* Network::addReverseSequence(nv::ITensor& input, nv::ITensor& lengths) noexcept {
  return add<ReverseSequenceShell>(
      "INetworkDefinition::addReverseSequence", [] { return ReverseSequence{}; }, input, lengths);
}

nv::ILRNLayer* Network::addLRN(nv::ITensor& input, int64_t window, float alpha, float beta, float k) noexcept {
  return add<LRNShell>(
      "INetworkDefinition::addLRN", [&] { return LRNShell::checked(window, alpha, beta, k); }, input);
}

nv::IRaggedSoftMaxLayer* Network::addRaggedSoftMax(nv::ITensor& input, nv::ITensor& bounds) noexcept {
  return add<RaggedSoftMaxShell>(
      "INetworkDefinition::addRaggedSoftMax", [] { return RaggedSoftMax{}; }, input, bounds);
}

nv::IParametricReLULayer* Network::addParametricReLU(nv::ITensor& input, nv::ITensor& slope) noexcept {
  return add<ParametricReLUShell>(
      "INetworkDefinition::addParametricReLU", [] { return ParametricReLU{}; }, input, slope);
}

nv::IAssertionLayer* Network::addAssertion(nv::ITensor& condition, const char* message) noexcept {
  return add<AssertionShell>(
      "INetworkDefinition::addAssertion", [&] { return Assertion{AssertionShell::checked(message)}; }, condition);
}

nv::IRotaryEmbeddingLayer* Network::addRotaryEmbedding(nv::ITensor& input, nv::ITensor& cosines, nv::ITensor& sines,
                                                       bool interleaved, int32_t rotary_dim) noexcept {
  return add<RotaryEmbeddingShell>(
      "INetworkDefinition::addRotaryEmbedding",
      [&] {
        RotaryEmbedding::check_rotary_dim(rotary_dim);
        return RotaryEmbedding{interleaved, rotary_dim};
      },
      input, cosines, sines);
}

}  // namespace torchtrt::engine::api

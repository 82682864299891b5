// Shells of kinds that index, sample, normalise across channels, rotate or assert.
#pragma once

#include "core/engine/api/layer.h"
#include "core/engine/layers/assertion.h"
#include "core/engine/layers/grid_sample.h"
#include "core/engine/layers/lrn.h"
#include "core/engine/layers/one_hot.h"
#include "core/engine/layers/parametric_relu.h"
#include "core/engine/layers/ragged_softmax.h"
#include "core/engine/layers/reverse_sequence.h"
#include "core/engine/layers/rotary_embedding.h"
#include "core/engine/layers/scatter.h"

namespace torchtrt::engine::api {

using ParametricReLUShell = LayerShell<nv::IParametricReLULayer, nv::apiv::VParametricReLULayer, ParametricReLU>;
using RaggedSoftMaxShell = LayerShell<nv::IRaggedSoftMaxLayer, nv::apiv::VRaggedSoftMaxLayer, RaggedSoftMax>;

class ScatterShell final : public LayerShell<nv::IScatterLayer, nv::apiv::VScatterLayer, Scatter> {
 public:
  using LayerShell::LayerShell;
  void setMode(nv::ScatterMode mode) noexcept override {
    change("IScatterLayer::setMode", [&](Scatter& op) { op.mode = ours(mode); });
  }
  nv::ScatterMode getMode() const noexcept override { return theirs(op().mode); }
  void setAxis(int32_t axis) noexcept override {
    change("IScatterLayer::setAxis", [&](Scatter& op) {
      TORCHTRT_REQUIRE(kInvalidArgument, axis >= 0, "axis ", axis, " is negative");
      op.axis = axis;
    });
  }
  int32_t getAxis() const noexcept override { return static_cast<int32_t>(op().axis); }
};

class OneHotShell final : public LayerShell<nv::IOneHotLayer, nv::apiv::VOneHotLayer, OneHot> {
 public:
  using LayerShell::LayerShell;
  static int64_t checked_axis(int32_t axis, int rank) {
    const int limit = rank < 0 ? kMaxRank : rank;
    TORCHTRT_REQUIRE(kInvalidArgument, axis >= -limit - 1 && axis <= limit, "axis ", axis, " lies outside [",
                     -limit - 1, ", ", limit, "], the axes of the output");
    return axis;
  }
  void setAxis(int32_t axis) noexcept override {
    change("IOneHotLayer::setAxis", [&](OneHot& op) { op.axis = checked_axis(axis, input_rank()); });
  }
  int32_t getAxis() const noexcept override { return static_cast<int32_t>(op().axis); }
};

class GridSampleShell final : public LayerShell<nv::IGridSampleLayer, nv::apiv::VGridSampleLayer, GridSample> {
 public:
  using LayerShell::LayerShell;
  void setInterpolationMode(nv::InterpolationMode mode) noexcept override {
    change("IGridSampleLayer::setInterpolationMode", [&](GridSample& op) { op.interpolation = ours(mode); });
  }
  nv::InterpolationMode getInterpolationMode() const noexcept override { return theirs(op().interpolation); }
  void setAlignCorners(bool align) noexcept override {
    change("IGridSampleLayer::setAlignCorners", [&](GridSample& op) { op.align_corners = align; });
  }
  bool getAlignCorners() const noexcept override { return op().align_corners; }
  bool setSampleMode(nv::SampleMode mode) noexcept override {
    return change("IGridSampleLayer::setSampleMode", [&](GridSample& op) {
      GridSample::check_sample_mode(ours(mode));
      op.sample_mode = ours(mode);
    });
  }
  nv::SampleMode getSampleMode() const noexcept override { return theirs(op().sample_mode); }
};

class ReverseSequenceShell final
    : public LayerShell<nv::IReverseSequenceLayer, nv::apiv::VReverseSequenceLayer, ReverseSequence> {
 public:
  using LayerShell::LayerShell;
  void setBatchAxis(int32_t axis) noexcept override {
    change("IReverseSequenceLayer::setBatchAxis", [&](ReverseSequence& op) { op.batch_axis = checked(axis); });
  }
  int32_t getBatchAxis() const noexcept override { return static_cast<int32_t>(op().batch_axis); }
  void setSequenceAxis(int32_t axis) noexcept override {
    change("IReverseSequenceLayer::setSequenceAxis", [&](ReverseSequence& op) { op.sequence_axis = checked(axis); });
  }
  int32_t getSequenceAxis() const noexcept override { return static_cast<int32_t>(op().sequence_axis); }

 private:
  // That the two differ is the layer's rule: on the way from (1, 0) to (0, 1) they do not.
  int64_t checked(int32_t axis) const {
    const int rank = input_rank(), limit = rank < 0 ? kMaxRank : rank;
    TORCHTRT_REQUIRE(kInvalidArgument, axis >= 0 && axis < limit, "axis ", axis, " lies outside the rank ", limit,
                     " of the data");
    return axis;
  }
};

class LRNShell final : public LayerShell<nv::ILRNLayer, nv::apiv::VLRNLayer, LRN> {
 public:
  using LayerShell::LayerShell;
  static LRN checked(int64_t window, float alpha, float beta, float k) {
    LRN::check_window(window);
    LRN::check_alpha(alpha);
    LRN::check_beta(beta);
    LRN::check_k(k);
    return {window, alpha, beta, k};
  }
  void setWindowSize(int64_t window) noexcept override {
    change("ILRNLayer::setWindowSize", [&](LRN& op) { op = checked(window, op.alpha, op.beta, op.k); });
  }
  int64_t getWindowSize() const noexcept override { return op().window; }
  void setAlpha(float alpha) noexcept override {
    change("ILRNLayer::setAlpha", [&](LRN& op) { op = checked(op.window, alpha, op.beta, op.k); });
  }
  float getAlpha() const noexcept override { return op().alpha; }
  void setBeta(float beta) noexcept override {
    change("ILRNLayer::setBeta", [&](LRN& op) { op = checked(op.window, op.alpha, beta, op.k); });
  }
  float getBeta() const noexcept override { return op().beta; }
  void setK(float k) noexcept override {
    change("ILRNLayer::setK", [&](LRN& op) { op = checked(op.window, op.alpha, op.beta, k); });
  }
  float getK() const noexcept override { return op().k; }
};

class AssertionShell final : public LayerShell<nv::IAssertionLayer, nv::apiv::VAssertionLayer, Assertion> {
 public:
  using LayerShell::LayerShell;
  static std::string checked(const char* message) {
    TORCHTRT_REQUIRE(kInvalidArgument, message, "the message is null");
    return message;
  }
  void setMessage(const char* message) noexcept override {
    change("IAssertionLayer::setMessage", [&](Assertion& op) { op.message = checked(message); });
  }
  const char* getMessage() const noexcept override { return op().message.c_str(); }
};

class RotaryEmbeddingShell final
    : public LayerShell<nv::IRotaryEmbeddingLayer, nv::apiv::VRotaryEmbeddingLayer, RotaryEmbedding> {
 public:
  using LayerShell::LayerShell;
  void setInterleaved(bool interleaved) noexcept override {
    change("IRotaryEmbeddingLayer::setInterleaved", [&](RotaryEmbedding& op) { op.interleaved = interleaved; });
  }
  bool getInterleaved() const noexcept override { return op().interleaved; }
  bool setRotaryEmbeddingDim(int32_t dim) noexcept override {
    return change("IRotaryEmbeddingLayer::setRotaryEmbeddingDim", [&](RotaryEmbedding& op) {
      RotaryEmbedding::check_rotary_dim(dim);
      op.rotary_dim = dim;
    });
  }
  int32_t getRotaryEmbeddingDim() const noexcept override { return static_cast<int32_t>(op().rotary_dim); }
  void setInput(int32_t index, nv::ITensor& tensor) noexcept override { LayerBase::setInput(index, tensor); }

 protected:
  int most_inputs() const override { return 4; }
};

}  // namespace torchtrt::engine::api

// Shells of layers that move elements: shuffle, slice, concatenation, gather, padding, resize, and those without
// fields.
#pragma once

#include <span>

#include "core/engine/api/layer.h"
#include "core/engine/layers/concatenation.h"
#include "core/engine/layers/padding.h"
#include "core/engine/layers/shape_of.h"
#include "core/engine/layers/shuffle.h"
#include "core/engine/layers/squeeze.h"
#include "core/engine/layers/unsqueeze.h"
#include "core/util/span.h"

namespace torchtrt::engine::api {

using ShapeShell = LayerShell<nv::IShapeLayer, nv::apiv::VShapeLayer, ShapeOf>;
using SqueezeShell = LayerShell<nv::ISqueezeLayer, nv::apiv::VSqueezeLayer, Squeeze>;
using UnsqueezeShell = LayerShell<nv::IUnsqueezeLayer, nv::apiv::VUnsqueezeLayer, Unsqueeze>;

// The lists of a Slice; checks of one list alone, the rest is the layer's shape rule.
struct SliceLists {
  static std::vector<int64_t> sizes(const nv::Dims& size) {
    auto list = list_of_dims(size);
    for (const int64_t length : list)
      TORCHTRT_REQUIRE(kInvalidArgument, length >= 0, "size ", printed(size), " has a negative length");
    return list;
  }
};

class SliceShell final : public LayerShell<nv::ISliceLayer, nv::apiv::VSliceLayer, Slice> {
 public:
  using LayerShell::LayerShell;
  void setStart(const nv::Dims& start) noexcept override {
    if (change("ISliceLayer::setStart", [&](Slice& op) { op.start = list_of_dims(start); })) reset_input(1);
  }
  nv::Dims getStart() const noexcept override { return has_input(1) ? no_dims() : dims_of(op().start); }
  void setSize(const nv::Dims& size) noexcept override {
    if (change("ISliceLayer::setSize", [&](Slice& op) { op.size = SliceLists::sizes(size); })) reset_input(2);
  }
  nv::Dims getSize() const noexcept override { return has_input(2) ? no_dims() : dims_of(op().size); }
  void setStride(const nv::Dims& stride) noexcept override {
    if (change("ISliceLayer::setStride", [&](Slice& op) { op.stride = list_of_dims(stride); })) reset_input(3);
  }
  nv::Dims getStride() const noexcept override { return has_input(3) ? no_dims() : dims_of(op().stride); }
  void setMode(nv::SampleMode mode) noexcept override {
    change("ISliceLayer::setMode", [&](Slice& op) { op.mode = ours(mode); });
  }
  nv::SampleMode getMode() const noexcept override { return theirs(op().mode); }
  void setAxes(const nv::Dims& axes) noexcept override {
    const bool changed = change("ISliceLayer::setAxes", [&](Slice& op) {
      op.axes.reset();
      if (axes.nbDims >= 0) op.axes = list_of_dims(axes);
    });
    if (changed) reset_input(5);
  }
  nv::Dims getAxes() const noexcept override { return has_input(5) || !op().axes ? no_dims() : dims_of(*op().axes); }

 protected:
  int most_inputs() const override { return 6; }
};

class ShuffleShell final : public LayerShell<nv::IShuffleLayer, nv::apiv::VShuffleLayer, Shuffle> {
 public:
  ShuffleShell(Network& network, NodeId node) : LayerShell(network, node) {
    for (int32_t i = 0; i < kMaxRank; ++i) first_.order[i] = second_.order[i] = i;
  }
  void setFirstTranspose(const nv::Permutation& permutation) noexcept override {
    const int rank = input_rank();
    set("IShuffleLayer::setFirstTranspose", permutation, rank, &Shuffle::first_transpose, first_);
  }
  const nv::Permutation& getFirstTranspose() const noexcept override { return first_; }
  void setSecondTranspose(const nv::Permutation& permutation) noexcept override {
    set("IShuffleLayer::setSecondTranspose", permutation, reshaped_rank(), &Shuffle::second_transpose, second_);
  }
  const nv::Permutation& getSecondTranspose() const noexcept override { return second_; }
  void setReshapeDimensions(const nv::Dims& dimensions) noexcept override {
    const bool changed = change("IShuffleLayer::setReshapeDimensions", [&](Shuffle& op) {
      op.reshape = list_of_dims(dimensions);
      for (const int64_t length : *op.reshape)
        TORCHTRT_REQUIRE(kInvalidArgument, length >= -1, "reshape dimensions ", printed(dimensions),
                         " have a negative length other than -1");
      if (!op.second_transpose.empty()) op.second_transpose = order_of(second_, dimensions.nbDims);
    });
    if (changed) reset_input(1);
  }
  nv::Dims getReshapeDimensions() const noexcept override {
    return has_input(1) || !op().reshape ? no_dims() : dims_of(*op().reshape);
  }
  void setZeroIsPlaceholder(bool placeholder) noexcept override {
    change("IShuffleLayer::setZeroIsPlaceholder", [&](Shuffle& op) { op.zero_is_placeholder = placeholder; });
  }
  bool getZeroIsPlaceholder() const noexcept override { return op().zero_is_placeholder; }

  // An input of reshape dimensions replaces the static ones; its length is the rank.
  void setInput(int32_t index, nv::ITensor& tensor) noexcept override {
    LayerBase::setInput(index, tensor);
    if (op().first_transpose.empty() && op().second_transpose.empty()) return;
    change("IShuffleLayer::setInput", [&](Shuffle& op) {
      if (!op.first_transpose.empty()) op.first_transpose = order_of(first_, input_rank());
      if (!op.second_transpose.empty()) op.second_transpose = order_of(second_, reshaped_rank());
    });
  }

 protected:
  int most_inputs() const override { return 2; }

 private:
  int reshaped_rank() const {
    if (has_input(1)) {
      const Shape& dims = graph().value(graph().node(node()).inputs[1]).shape;
      return dims.rank() == 1 ? static_cast<int>(dims[0]) : -1;
    }
    return op().reshape ? static_cast<int>(op().reshape->size()) : input_rank();
  }
  static bool is_permutation(const nv::Permutation& permutation, int count) {
    uint32_t seen = 0;
    for (int i = 0; i < count; ++i) {
      const int32_t axis = permutation.order[i];
      if (axis < 0 || axis >= count || (seen >> axis & 1u) != 0) return false;
      seen |= 1u << axis;
    }
    return true;
  }
  // The first `rank` entries if they are a permutation; else as many as are one. The number of axes may still change
  // with the next setter, so that another one is an error where shapes are inferred only.
  static std::vector<int64_t> order_of(const nv::Permutation& permutation, int rank) {
    const int wanted = rank < 0 || rank > kMaxRank ? kMaxRank : rank;
    int count = wanted;
    if (!is_permutation(permutation, count))
      for (count = kMaxRank; count > 1 && !is_permutation(permutation, count);) --count;
    TORCHTRT_REQUIRE(kInvalidArgument, count == wanted || count > 1, "order ",
                     list_of(std::span(permutation.order, static_cast<size_t>(wanted))), " is not a permutation of ",
                     wanted, " axes");
    return {permutation.order, permutation.order + count};
  }
  void set(const char* function, const nv::Permutation& permutation, int rank, std::vector<int64_t> Shuffle::*member,
           nv::Permutation& kept) {
    if (change(function, [&](Shuffle& op) { op.*member = order_of(permutation, rank); })) kept = permutation;
  }

  nv::Permutation first_, second_;  // as set; the interface hands out references
};

class ConcatenationShell final
    : public LayerShell<nv::IConcatenationLayer, nv::apiv::VConcatenationLayer, Concatenation> {
 public:
  using LayerShell::LayerShell;
  void setAxis(int32_t axis) noexcept override {
    change("IConcatenationLayer::setAxis", [&](Concatenation& op) {
      const int rank = input_rank();
      TORCHTRT_REQUIRE(kInvalidArgument, axis >= 0 && (rank < 0 || axis < rank), "axis ", axis, " is outside the rank ",
                       rank, " of the inputs");
      op.axis = axis;
    });
  }
  int32_t getAxis() const noexcept override { return static_cast<int32_t>(op().axis); }
};

class GatherShell final : public LayerShell<nv::IGatherLayer, nv::apiv::VGatherLayer, Gather> {
 public:
  using LayerShell::LayerShell;
  void setGatherAxis(int32_t axis) noexcept override {
    change("IGatherLayer::setGatherAxis", [&](Gather& op) {
      TORCHTRT_REQUIRE(kInvalidArgument, axis >= 0, "axis ", axis, " is negative");
      op.axis = axis;
    });
  }
  int32_t getGatherAxis() const noexcept override { return static_cast<int32_t>(op().axis); }
  void setNbElementWiseDims(int32_t count) noexcept override {
    change("IGatherLayer::setNbElementWiseDims", [&](Gather& op) {
      TORCHTRT_REQUIRE(kInvalidArgument, count >= 0, "the number of elementwise dimensions is ", count);
      op.elementwise_dims = count;
    });
  }
  int32_t getNbElementWiseDims() const noexcept override { return static_cast<int32_t>(op().elementwise_dims); }
  void setMode(nv::GatherMode mode) noexcept override {
    change("IGatherLayer::setMode", [&](Gather& op) { op.mode = ours(mode); });
  }
  nv::GatherMode getMode() const noexcept override { return theirs(op().mode); }
};

class PaddingShell final : public LayerShell<nv::IPaddingLayer, nv::apiv::VPaddingLayer, Padding> {
 public:
  using LayerShell::LayerShell;
  static std::vector<int64_t> checked(const nv::Dims& padding) {
    TORCHTRT_REQUIRE(kInvalidArgument, padding.nbDims == 2, "padding ", printed(padding), " has rank ", padding.nbDims,
                     ", expected 2");
    return list_of_dims(padding);
  }
  void setPrePaddingNd(const nv::Dims& padding) noexcept override {
    change("IPaddingLayer::setPrePaddingNd", [&](Padding& op) { op.pre = checked(padding); });
  }
  nv::Dims getPrePaddingNd() const noexcept override { return dims_of(op().pre); }
  void setPostPaddingNd(const nv::Dims& padding) noexcept override {
    change("IPaddingLayer::setPostPaddingNd", [&](Padding& op) { op.post = checked(padding); });
  }
  nv::Dims getPostPaddingNd() const noexcept override { return dims_of(op().post); }
};

class ResizeShell final : public LayerShell<nv::IResizeLayer, nv::apiv::VResizeLayer, Resize> {
 public:
  using LayerShell::LayerShell;
  void setOutputDimensions(const nv::Dims& dimensions) noexcept override {
    change("IResizeLayer::setOutputDimensions", [&](Resize& op) {
      no_dynamic_dims();
      op.output_dims = list_of_dims(dimensions);
      op.scales.clear();
    });
  }
  nv::Dims getOutputDimensions() const noexcept override {
    return has_input(1) || !op().output_dims ? no_dims() : dims_of(*op().output_dims);
  }
  void setScales(const float* scales, int32_t count) noexcept override {
    change("IResizeLayer::setScales", [&](Resize& op) {
      no_dynamic_dims();
      TORCHTRT_REQUIRE(kInvalidArgument, scales && count == input_rank(), count, " scales given, expected ",
                       input_rank(), ", one per axis of the input");
      op.scales.assign(scales, scales + count);
      op.output_dims.reset();
    });
  }
  int32_t getScales(int32_t size, float* scales) const noexcept override {
    const auto& list = op().scales;
    if (list.empty()) return -1;
    for (int32_t i = 0; scales && i < size && i < static_cast<int32_t>(list.size()); ++i)
      scales[i] = static_cast<float>(list[static_cast<size_t>(i)]);
    return static_cast<int32_t>(list.size());
  }
  void setResizeMode(nv::InterpolationMode mode) noexcept override {
    change("IResizeLayer::setResizeMode", [&](Resize& op) { op.mode = ours(mode); });
  }
  nv::InterpolationMode getResizeMode() const noexcept override { return theirs(op().mode); }
  void setCoordinateTransformation(nv::ResizeCoordinateTransformation transformation) noexcept override {
    change("IResizeLayer::setCoordinateTransformation", [&](Resize& op) { op.coordinates = ours(transformation); });
  }
  nv::ResizeCoordinateTransformation getCoordinateTransformation() const noexcept override {
    return theirs(op().coordinates);
  }
  void setSelectorForSinglePixel(nv::ResizeSelector selector) noexcept override {
    change("IResizeLayer::setSelectorForSinglePixel", [&](Resize& op) { op.selector = ours(selector); });
  }
  nv::ResizeSelector getSelectorForSinglePixel() const noexcept override { return theirs(op().selector); }
  void setNearestRounding(nv::ResizeRoundMode mode) noexcept override {
    change("IResizeLayer::setNearestRounding", [&](Resize& op) { op.rounding = ours(mode); });
  }
  nv::ResizeRoundMode getNearestRounding() const noexcept override { return theirs(op().rounding); }
  void setCubicCoeff(float coefficient) noexcept override {
    change("IResizeLayer::setCubicCoeff", [&](Resize& op) { op.cubic_coeff = coefficient; });
  }
  float getCubicCoeff() const noexcept override { return op().cubic_coeff; }
  void setExcludeOutside(bool exclude) noexcept override {
    change("IResizeLayer::setExcludeOutside", [&](Resize& op) { op.exclude_outside = exclude; });
  }
  bool getExcludeOutside() const noexcept override { return op().exclude_outside; }

 protected:
  int most_inputs() const override { return 2; }

 private:
  void no_dynamic_dims() const {
    TORCHTRT_REQUIRE(kInvalidArgument, !has_input(1), "the output dimensions are given by input 1");
  }
};

}  // namespace torchtrt::engine::api

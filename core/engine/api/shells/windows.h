// Shells of layers that slide a window: convolution, deconvolution, pooling.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "core/engine/api/layer.h"
#include "core/engine/layers/convolution.h"
#include "core/engine/layers/deconvolution.h"

namespace torchtrt::engine::api {

// One number per spatial axis of the window, each at least `least`.
inline std::vector<int64_t> per_axis(const nv::Dims& dims, size_t axes, int64_t least, const char* what) {
  std::vector<int64_t> list = list_of_dims(dims);
  TORCHTRT_REQUIRE(kInvalidArgument, list.size() == axes, what, " ", printed(dims), " has ", list.size(),
                   " numbers, expected ", axes, ", one per axis of the window");
  for (const int64_t number : list)
    TORCHTRT_REQUIRE(kInvalidArgument, number >= least, what, " ", printed(dims), " is below ", least);
  return list;
}

inline std::vector<int64_t> window_of(const nv::Dims& dims, const char* what) {
  TORCHTRT_REQUIRE(kInvalidArgument, dims.nbDims == 2 || dims.nbDims == 3, what, " ", printed(dims), " has rank ",
                   dims.nbDims, ", expected 2 or 3");
  return per_axis(dims, static_cast<size_t>(dims.nbDims), 1, what);
}

// Setters that all three kinds have; `size` is the member that holds the window.
template <class Shell, class Inner, class Kind>
class WindowShell : public LayerShell<Shell, Inner, Kind> {
 public:
  using LayerShell<Shell, Inner, Kind>::LayerShell;

  void setStrideNd(const nv::Dims& stride) noexcept override { set("setStrideNd", stride, &Kind::stride, 1, "stride"); }
  nv::Dims getStrideNd() const noexcept override { return dims_of(this->op().stride); }
  void setPrePadding(const nv::Dims& padding) noexcept override {
    set("setPrePadding", padding, &Kind::pre_padding, 0, "padding");
  }
  nv::Dims getPrePadding() const noexcept override { return dims_of(this->op().pre_padding); }
  void setPostPadding(const nv::Dims& padding) noexcept override {
    set("setPostPadding", padding, &Kind::post_padding, 0, "padding");
  }
  nv::Dims getPostPadding() const noexcept override { return dims_of(this->op().post_padding); }
  void setPaddingNd(const nv::Dims& padding) noexcept override {
    this->change("setPaddingNd", [&](Kind& op) {
      op.pre_padding = per_axis(padding, op.stride.size(), 0, "padding");
      op.post_padding = op.pre_padding;
    });
  }
  nv::Dims getPaddingNd() const noexcept override { return dims_of(this->op().pre_padding); }
  void setPaddingMode(nv::PaddingMode mode) noexcept override {
    this->change("setPaddingMode", [&](Kind& op) { op.padding_mode = ours(mode); });
  }
  nv::PaddingMode getPaddingMode() const noexcept override { return theirs(this->op().padding_mode); }

 protected:
  // Messages tell the whole name of the setter.
  template <class Edit>
  bool change(const char* setter, Edit&& edit) {
    const std::string function = join('I', Kind::kKind, "Layer::", setter);
    return LayerShell<Shell, Inner, Kind>::change(function.c_str(), std::forward<Edit>(edit));
  }
  void set(const char* function, const nv::Dims& dims, std::vector<int64_t> Kind::*member, int64_t least,
           const char* what) {
    this->change(function, [&](Kind& op) { op.*member = per_axis(dims, op.stride.size(), least, what); });
  }
};

template <class Shell, class Inner, class Kind>
class ConvolutionLike final : public WindowShell<Shell, Inner, Kind> {
 public:
  using WindowShell<Shell, Inner, Kind>::WindowShell;

  void setNbOutputMaps(int64_t maps) noexcept override {
    this->change("setNbOutputMaps", [&](Kind& op) { op.output_maps = positive(maps, "number of output maps"); });
  }
  int64_t getNbOutputMaps() const noexcept override { return this->op().output_maps; }
  void setNbGroups(int64_t groups) noexcept override {
    this->change("setNbGroups", [&](Kind& op) { op.groups = positive(groups, "number of groups"); });
  }
  int64_t getNbGroups() const noexcept override { return this->op().groups; }
  void setKernelWeights(nv::Weights weights) noexcept override {
    set_weights("setKernelWeights", weights, &Kind::kernel, 1);
  }
  nv::Weights getKernelWeights() const noexcept override { return theirs(this->op().kernel); }
  void setBiasWeights(nv::Weights weights) noexcept override { set_weights("setBiasWeights", weights, &Kind::bias, 2); }
  nv::Weights getBiasWeights() const noexcept override { return theirs(this->op().bias); }
  void setKernelSizeNd(const nv::Dims& size) noexcept override {
    this->set("setKernelSizeNd", size, &Kind::kernel_size, 1, "kernel size");
  }
  nv::Dims getKernelSizeNd() const noexcept override { return dims_of(this->op().kernel_size); }
  void setDilationNd(const nv::Dims& dilation) noexcept override {
    this->set("setDilationNd", dilation, &Kind::dilation, 1, "dilation");
  }
  nv::Dims getDilationNd() const noexcept override { return dims_of(this->op().dilation); }

 protected:
  int most_inputs() const override { return 3; }

 private:
  // Weights take the place of an input; empty ones make room for it.
  void set_weights(const char* setter, const nv::Weights& weights, Weights Kind::*member, int input) {
    const bool changed = this->change(setter, [&](Kind& op) { op.*member = ours(weights); });
    if (changed && weights.count > 0) this->reset_input(input);
  }
  static int64_t positive(int64_t number, const char* what) {
    TORCHTRT_REQUIRE(kInvalidArgument, number >= 1, "the ", what, " is ", number, ", expected at least 1");
    return number;
  }
};

using ConvolutionShell = ConvolutionLike<nv::IConvolutionLayer, nv::apiv::VConvolutionLayer, Convolution>;
using DeconvolutionShell = ConvolutionLike<nv::IDeconvolutionLayer, nv::apiv::VDeconvolutionLayer, Deconvolution>;

class PoolingShell final : public WindowShell<nv::IPoolingLayer, nv::apiv::VPoolingLayer, Pooling> {
 public:
  using WindowShell::WindowShell;
  void setPoolingType(nv::PoolingType type) noexcept override {
    change("setPoolingType", [&](Pooling& op) { op.type = ours(type); });
  }
  nv::PoolingType getPoolingType() const noexcept override { return theirs(op().type); }
  void setWindowSizeNd(const nv::Dims& size) noexcept override {
    set("setWindowSizeNd", size, &Pooling::window_size, 1, "window size");
  }
  nv::Dims getWindowSizeNd() const noexcept override { return dims_of(op().window_size); }
  void setBlendFactor(float factor) noexcept override {
    change("setBlendFactor", [&](Pooling& op) {
      TORCHTRT_REQUIRE(kInvalidArgument, factor >= 0 && factor <= 1, "blend factor ", factor, " is outside [0, 1]");
      op.blend_factor = factor;
    });
  }
  float getBlendFactor() const noexcept override { return op().blend_factor; }
  void setAverageCountExcludesPadding(bool exclusive) noexcept override {
    change("setAverageCountExcludesPadding", [&](Pooling& op) { op.average_count_excludes_padding = exclusive; });
  }
  bool getAverageCountExcludesPadding() const noexcept override { return op().average_count_excludes_padding; }
};

}  // namespace torchtrt::engine::api

// Shells of layers that quantize and dequantize.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "core/engine/api/layer.h"
#include "core/engine/layers/dequantize.h"
#include "core/engine/layers/dynamic_quantize.h"
#include "core/engine/layers/quantize.h"

namespace torchtrt::engine::api {

// Lengths of at least 1, or -1 for a whole axis.
inline std::vector<int64_t> checked_block_shape(const nv::Dims& dims) {
  std::vector<int64_t> blocks = list_of_dims(dims);
  TORCHTRT_REQUIRE(kInvalidArgument, !blocks.empty(), "a block shape needs a length per axis of the data");
  for (const int64_t length : blocks)
    TORCHTRT_REQUIRE(kInvalidArgument, length == -1 || length >= 1, "block shape ", printed(dims),
                     ": lengths are at least 1, or -1 for the whole axis");
  return blocks;
}

// Quantize and Dequantize have the same attributes.
template <class Shell, class Inner, class Kind>
class QuantizationShell final : public LayerShell<Shell, Inner, Kind> {
 public:
  using LayerShell<Shell, Inner, Kind>::LayerShell;

  int32_t getAxis() const noexcept override { return static_cast<int32_t>(this->op().axis); }
  void setAxis(int32_t axis) noexcept override {
    this->change("setAxis", [&](Kind& op) {
      TORCHTRT_REQUIRE(kInvalidArgument, axis >= -1 && axis < nv::Dims::MAX_DIMS, "axis ", axis,
                       " does not exist; 0 to 7, or -1 for none");
      op.axis = axis;
    });
  }
  nv::DataType getToType() const noexcept override { return theirs(this->op().to_type); }
  void setToType(nv::DataType type) noexcept override {
    this->change("setToType", [&](Kind& op) { op.to_type = ours(type); });
  }
  nv::Dims getBlockShape() const noexcept override {
    return this->op().block_shape.empty() ? no_dims() : dims_of(this->op().block_shape);
  }
  bool setBlockShape(const nv::Dims& shape) noexcept override {
    return this->change("setBlockShape", [&](Kind& op) { op.block_shape = checked_block_shape(shape); });
  }

 protected:
  int most_inputs() const override { return 3; }

 private:
  // Messages tell the whole name of the setter.
  template <class Edit>
  bool change(const char* setter, Edit&& edit) {
    const std::string function = join('I', Kind::kKind, "Layer::", setter);
    return LayerShell<Shell, Inner, Kind>::change(function.c_str(), std::forward<Edit>(edit));
  }
};

using QuantizeShell = QuantizationShell<nv::IQuantizeLayer, nv::apiv::VQuantizeLayer, Quantize>;
using DequantizeShell = QuantizationShell<nv::IDequantizeLayer, nv::apiv::VDequantizeLayer, Dequantize>;

// The later of setBlockShape on one hand, and setAxis and setBlockSize on the other, says how blocks lie.
class DynamicQuantizeShell final
    : public LayerShell<nv::IDynamicQuantizeLayer, nv::apiv::VDynamicQuantizeLayer, DynamicQuantize> {
 public:
  using LayerShell::LayerShell;

  static int64_t checked_block_size(int32_t size) {
    TORCHTRT_REQUIRE(kInvalidArgument, size >= 1, "block size ", size, " is not positive");
    return size;
  }

  int32_t getAxis() const noexcept override { return static_cast<int32_t>(op().axis); }
  void setAxis(int32_t axis) noexcept override {
    change("IDynamicQuantizeLayer::setAxis", [&](DynamicQuantize& op) { op.axis = axis, op.block_shape.clear(); });
  }
  int32_t getBlockSize() const noexcept override { return static_cast<int32_t>(op().block_size); }
  void setBlockSize(int32_t size) noexcept override {
    change("IDynamicQuantizeLayer::setBlockSize",
           [&](DynamicQuantize& op) { op.block_size = checked_block_size(size), op.block_shape.clear(); });
  }
  nv::DataType getScaleType() const noexcept override { return theirs(op().scale_type); }
  void setScaleType(nv::DataType type) noexcept override {
    change("IDynamicQuantizeLayer::setScaleType", [&](DynamicQuantize& op) { op.scale_type = ours(type); });
  }
  nv::DataType getToType() const noexcept override { return theirs(op().to_type); }
  void setToType(nv::DataType type) noexcept override {
    change("IDynamicQuantizeLayer::setToType", [&](DynamicQuantize& op) { op.to_type = ours(type); });
  }
  nv::Dims getBlockShape() const noexcept override {
    return op().block_shape.empty() ? no_dims() : dims_of(op().block_shape);
  }
  void setBlockShape(const nv::Dims& shape) noexcept override {
    change("IDynamicQuantizeLayer::setBlockShape",
           [&](DynamicQuantize& op) { op.block_shape = checked_block_shape(shape); });
  }

 protected:
  int most_inputs() const override { return 2; }
};

}  // namespace torchtrt::engine::api

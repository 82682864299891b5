// Shells of layers that work element by element.
#pragma once

#include <cmath>

#include "core/engine/api/layer.h"
#include "core/engine/api/majors.h"
#include "core/engine/layers/cast.h"
#include "core/engine/layers/identity.h"
#include "core/engine/layers/select.h"

namespace torchtrt::engine::api {

class ActivationShell final : public LayerShell<nv::IActivationLayer, nv::apiv::VActivationLayer, Activation> {
 public:
  using LayerShell::LayerShell;
  void setActivationType(nv::ActivationType type) noexcept override {
    change("IActivationLayer::setActivationType", [&](Activation& op) { op.type = ours(type); });
  }
  nv::ActivationType getActivationType() const noexcept override { return theirs(op().type); }
  void setAlpha(float alpha) noexcept override {
    change("IActivationLayer::setAlpha", [&](Activation& op) { op.alpha = finite(alpha); });
  }
  float getAlpha() const noexcept override { return op().alpha; }
  void setBeta(float beta) noexcept override {
    change("IActivationLayer::setBeta", [&](Activation& op) { op.beta = finite(beta); });
  }
  float getBeta() const noexcept override { return op().beta; }

 private:
  static float finite(float value) {
    TORCHTRT_REQUIRE(kInvalidArgument, std::isfinite(value), "alpha and beta have to be finite, not ", value);
    return value;
  }
};

class ElementWiseShell final : public LayerShell<nv::IElementWiseLayer, nv::apiv::VElementWiseLayer, ElementWise> {
 public:
  using LayerShell::LayerShell;
  void setOperation(nv::ElementWiseOperation operation) noexcept override {
    change("IElementWiseLayer::setOperation", [&](ElementWise& op) { op.op = ours(operation); });
  }
  nv::ElementWiseOperation getOperation() const noexcept override { return theirs(op().op); }
};

class UnaryShell final : public LayerShell<nv::IUnaryLayer, nv::apiv::VUnaryLayer, Unary> {
 public:
  using LayerShell::LayerShell;
  void setOperation(nv::UnaryOperation operation) noexcept override {
    change("IUnaryLayer::setOperation", [&](Unary& op) { op.op = ours(operation); });
  }
  nv::UnaryOperation getOperation() const noexcept override { return theirs(op().op); }
};

class CastShell final : public LayerShell<nv::ICastLayer, nv::apiv::VCastLayer, Cast> {
 public:
  using LayerShell::LayerShell;
  void setToType(nv::DataType type) noexcept override {
    change("ICastLayer::setToType", [&](Cast& op) { op.to_type = ours(type); });
  }
  nv::DataType getToType() const noexcept override { return theirs(op().to_type); }
};

class IdentityShell final : public LayerShell<nv::IIdentityLayer, nv::apiv::VIdentityLayer, Identity> {
 public:
  using LayerShell::LayerShell;
  // In a weakly typed network an identity converts to the type that is set.
  void setOutputType(int32_t index, nv::DataType type) noexcept TORCHTRT_OVERRIDE_10 {
    if (graph().strongly_typed() || index != 0) return LayerBase::setOutputType(index, type);
    change("ILayer::setOutputType", [&](Identity& op) { op.to_type = ours(type); });
  }
  bool outputTypeIsSet(int32_t index) const noexcept TORCHTRT_OVERRIDE_10 {
    return (index == 0 && op().to_type) || LayerBase::outputTypeIsSet(index);
  }
  void resetOutputType(int32_t index) noexcept TORCHTRT_OVERRIDE_10 {
    if (!op().to_type) return LayerBase::resetOutputType(index);
    change("ILayer::resetOutputType", [&](Identity& op) { op.to_type.reset(); });
  }
};

using SelectShell = LayerShell<nv::ISelectLayer, nv::apiv::VSelectLayer, Select>;

class ScaleShell final : public LayerShell<nv::IScaleLayer, nv::apiv::VScaleLayer, Scale> {
 public:
  using LayerShell::LayerShell;
  // In a weakly typed network data may be int8, and are real numbers afterwards.
  static std::optional<DType> default_type(const Graph& graph, ValueId input) {
    const bool codes = !graph.strongly_typed() && graph.stale_value(input).dtype == DType::kInt8;
    return codes ? std::optional(DType::kFloat32) : std::nullopt;
  }
  // There, int8 as output type makes the layer a quantizer.
  void setOutputType(int32_t index, nv::DataType type) noexcept TORCHTRT_OVERRIDE_10 {
    const bool codes = type == nv::DataType::kINT8 && index == 0 && !graph().strongly_typed();
    if (!codes) {
      if (index == 0 && is_quantizer()) ScaleShell::resetOutputType(0);
      return LayerBase::setOutputType(index, type);
    }
    change("ILayer::setOutputType", [&](Scale& op) { op.to_type = DType::kInt8; });
  }
  bool outputTypeIsSet(int32_t index) const noexcept TORCHTRT_OVERRIDE_10 {
    return (index == 0 && is_quantizer()) || LayerBase::outputTypeIsSet(index);
  }
  void resetOutputType(int32_t index) noexcept TORCHTRT_OVERRIDE_10 {
    if (index != 0 || !is_quantizer()) return LayerBase::resetOutputType(index);
    change("ILayer::resetOutputType", [&](Scale& op) { op.to_type = default_type(graph(), input_id()); });
  }
  void setMode(nv::ScaleMode mode) noexcept override {
    change("IScaleLayer::setMode", [&](Scale& op) { op.mode = ours(mode); });
  }
  nv::ScaleMode getMode() const noexcept override { return theirs(op().mode); }
  void setShift(nv::Weights shift) noexcept override {
    change("IScaleLayer::setShift", [&](Scale& op) { op.shift = ours(shift); });
  }
  nv::Weights getShift() const noexcept override { return theirs(op().shift); }
  void setScale(nv::Weights scale) noexcept override {
    change("IScaleLayer::setScale", [&](Scale& op) { op.scale = ours(scale); });
  }
  nv::Weights getScale() const noexcept override { return theirs(op().scale); }
  void setPower(nv::Weights power) noexcept override {
    change("IScaleLayer::setPower", [&](Scale& op) { op.power = ours(power); });
  }
  nv::Weights getPower() const noexcept override { return theirs(op().power); }
  int32_t getChannelAxis() const noexcept override { return static_cast<int32_t>(op().channel_axis); }
  void setChannelAxis(int32_t axis) noexcept override {
    change("IScaleLayer::setChannelAxis", [&](Scale& op) {
      TORCHTRT_REQUIRE(kInvalidArgument, axis >= 0, "channel axis ", axis, " is negative");
      op.channel_axis = axis;
    });
  }

 private:
  ValueId input_id() const { return graph().node(node()).inputs[0]; }
  bool is_quantizer() const { return op().to_type == DType::kInt8; }
};

}  // namespace torchtrt::engine::api

// Shells of layers without data input: constant and fill.
#pragma once

#include <cmath>

#include "core/engine/api/layer.h"
#include "core/engine/layers/constant.h"

namespace torchtrt::engine::api {

class ConstantShell final : public LayerShell<nv::IConstantLayer, nv::apiv::VConstantLayer, Constant> {
 public:
  using LayerShell::LayerShell;
  void setWeights(nv::Weights weights) noexcept override {
    change("IConstantLayer::setWeights", [&](Constant& op) { op.weights = ours(weights); });
  }
  nv::Weights getWeights() const noexcept override { return theirs(op().weights); }
  void setDimensions(const nv::Dims& dimensions) noexcept override {
    change("IConstantLayer::setDimensions", [&](Constant& op) { op.shape = shape_of(dimensions); });
  }
  nv::Dims getDimensions() const noexcept override { return dims_of(op().shape); }
};

class FillShell final : public LayerShell<nv::IFillLayer, nv::apiv::VFillLayer, Fill> {
 public:
  using LayerShell::LayerShell;
  static Shape checked(const nv::Dims& dimensions) {
    Shape shape = shape_of(dimensions);
    for (const int64_t length : shape)
      TORCHTRT_REQUIRE(kInvalidArgument, length >= 0, "dimensions ", printed(dimensions), " have a negative length");
    return shape;
  }

  void setDimensions(const nv::Dims& dimensions) noexcept override {
    if (change("IFillLayer::setDimensions", [&](Fill& op) { op.shape = checked(dimensions); })) reset_input(0);
  }
  nv::Dims getDimensions() const noexcept override { return has_input(0) ? no_dims() : dims_of(op().shape); }
  void setOperation(nv::FillOperation operation) noexcept override {
    change("IFillLayer::setOperation", [&](Fill& op) { op.op = ours(operation); });
  }
  nv::FillOperation getOperation() const noexcept override { return theirs(op().op); }
  void setAlpha(double alpha) noexcept override {
    if (change("IFillLayer::setAlpha", [&](Fill& op) { be_number(op, alpha, op.alpha, op.alpha_int); })) reset_input(1);
  }
  double getAlpha() const noexcept override { return has_input(1) ? -1.0 : op().alpha; }
  void setBeta(double beta) noexcept override {
    if (change("IFillLayer::setBeta", [&](Fill& op) { be_number(op, beta, op.beta, op.beta_int); })) reset_input(2);
  }
  double getBeta() const noexcept override { return has_input(2) ? -1.0 : op().beta; }
  void setAlphaInt64(int64_t alpha) noexcept override {
    if (change("IFillLayer::setAlphaInt64", [&](Fill& op) {
          op.alpha_int = alpha, op.alpha = static_cast<double>(alpha);
          be_integral(op, op.beta, op.beta_int);
        }))
      reset_input(1);
  }
  int64_t getAlphaInt64() const noexcept override { return has_input(1) ? -1 : op().alpha_int; }
  void setBetaInt64(int64_t beta) noexcept override {
    if (change("IFillLayer::setBetaInt64", [&](Fill& op) {
          op.beta_int = beta, op.beta = static_cast<double>(beta);
          be_integral(op, op.alpha, op.alpha_int);
        }))
      reset_input(2);
  }
  int64_t getBetaInt64() const noexcept override { return has_input(2) ? -1 : op().beta_int; }
  bool isAlphaBetaInt64() const noexcept override { return op().integral; }
  nv::DataType getToType() const noexcept override { return theirs(op().to_type); }
  void setToType(nv::DataType type) noexcept override {
    change("IFillLayer::setToType", [&](Fill& op) { op.to_type = ours(type); });
  }

 protected:
  int most_inputs() const override { return 3; }

 private:
  static bool is_whole(double value) { return value == std::trunc(value) && std::fabs(value) < 0x1p63; }
  // One of alpha and beta became a number: both are.
  static void be_number(Fill& op, double value, double& number, int64_t& integer) {
    number = value;
    if (is_whole(value)) integer = static_cast<int64_t>(value);
    op.integral = false;
  }
  // One of alpha and beta became an integer: both are, if the other has no fraction; else both are numbers.
  static void be_integral(Fill& op, double other, int64_t& other_int) {
    const bool same = static_cast<double>(other_int) == other;  // perhaps with more digits
    if (op.integral || (!same && !is_whole(other))) return;
    if (!same) other_int = static_cast<int64_t>(other);
    op.integral = true;
  }
};

}  // namespace torchtrt::engine::api

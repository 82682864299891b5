// Shells of layers that combine elements along axes: softmax, reduce, topk, cumulative, normalization, products.
#pragma once

#include <bit>

#include "core/engine/api/layer.h"
#include "core/engine/api/majors.h"
#include "core/engine/layers/cumulative.h"
#include "core/engine/layers/einsum.h"
#include "core/engine/layers/normalization.h"
#include "core/engine/layers/softmax.h"

namespace torchtrt::engine::api {

// The mask itself if it names exactly one axis.
inline uint32_t single_axis(uint32_t mask) {
  TORCHTRT_REQUIRE(kInvalidArgument, std::popcount(mask) == 1, "axes mask ", mask, " names ", std::popcount(mask),
                   " axes, expected exactly one bit");
  return mask;
}

// The mask itself if it names at least one axis, none beyond the rank. Rank -1: the shape is not valid (yet).
inline uint32_t some_axes(uint32_t mask, int rank) {
  const int limit = rank < 0 ? kMaxRank : rank;
  TORCHTRT_REQUIRE(kInvalidArgument, mask != 0 && (mask >> limit) == 0, "axes mask ", mask,
                   mask ? " names axes beyond the rank of the input, " : " names no axis of the input of rank ", limit);
  return mask;
}

class SoftMaxShell final : public LayerShell<nv::ISoftMaxLayer, nv::apiv::VSoftMaxLayer, Softmax> {
 public:
  using LayerShell::LayerShell;
  void setAxes(uint32_t axes) noexcept override {
    change("ISoftMaxLayer::setAxes",
           [&](Softmax& op) { op.axis = std::countr_zero(single_axis(some_axes(axes, input_rank()))); });
  }
  uint32_t getAxes() const noexcept override { return 1u << op().axis; }
};

class ReduceShell final : public LayerShell<nv::IReduceLayer, nv::apiv::VReduceLayer, Reduce> {
 public:
  using LayerShell::LayerShell;
  void setOperation(nv::ReduceOperation operation) noexcept override {
    change("IReduceLayer::setOperation", [&](Reduce& op) { op.op = ours(operation); });
  }
  nv::ReduceOperation getOperation() const noexcept override { return theirs(op().op); }
  void setReduceAxes(uint32_t axes) noexcept override {
    change("IReduceLayer::setReduceAxes", [&](Reduce& op) { op.axes = some_axes(axes, input_rank()); });
  }
  uint32_t getReduceAxes() const noexcept override { return op().axes; }
  void setKeepDimensions(bool keep) noexcept override {
    change("IReduceLayer::setKeepDimensions", [&](Reduce& op) { op.keep_dims = keep; });
  }
  bool getKeepDimensions() const noexcept override { return op().keep_dims; }
};

class TopKShell final : public LayerShell<nv::ITopKLayer, nv::apiv::VTopKLayer, TopK> {
 public:
  using LayerShell::LayerShell;
  static constexpr int32_t kMostK = 3840;

  static int64_t checked_k(int32_t k) {
    TORCHTRT_REQUIRE(kInvalidArgument, k >= 1 && k <= kMostK, "k is ", k, ", expected 1 to ", kMostK);
    return k;
  }
  static DType checked_indices(nv::DataType type) {
    const DType dtype = ours(type);
    TORCHTRT_REQUIRE(kInvalidArgument, is_index(dtype), "indices of type ", dtype, "; int32 or int64 expected");
    return dtype;
  }

  void setOperation(nv::TopKOperation operation) noexcept override {
    change("ITopKLayer::setOperation", [&](TopK& op) { op.op = ours(operation); });
  }
  nv::TopKOperation getOperation() const noexcept override { return theirs(op().op); }
  void setK(int32_t k) noexcept override {
    if (change("ITopKLayer::setK", [&](TopK& op) { op.k = checked_k(k); })) reset_input(1);
  }
  int32_t getK() const noexcept override { return has_input(1) ? -1 : static_cast<int32_t>(op().k); }
  void setReduceAxes(uint32_t axes) noexcept override {
    change("ITopKLayer::setReduceAxes", [&](TopK& op) { op.axes = single_axis(some_axes(axes, input_rank())); });
  }
  uint32_t getReduceAxes() const noexcept override { return op().axes; }
  bool setIndicesType(nv::DataType type) noexcept override {
    return change("ITopKLayer::setIndicesType", [&](TopK& op) { op.indices_type = checked_indices(type); });
  }
  nv::DataType getIndicesType() const noexcept override { return theirs(op().indices_type); }

 protected:
  int most_inputs() const override { return 2; }
};

class CumulativeShell final : public LayerShell<nv::ICumulativeLayer, nv::apiv::VCumulativeLayer, Cumulative> {
 public:
  using LayerShell::LayerShell;
  static void check(nv::CumulativeOperation operation) {
    TORCHTRT_REQUIRE(kInvalidArgument, operation == nv::CumulativeOperation::kSUM, "CumulativeOperation ",
                     static_cast<int>(operation), " does not exist; kSUM is the only one");
  }
  bool setOperation(nv::CumulativeOperation operation) noexcept override {
    return change("ICumulativeLayer::setOperation", [&](Cumulative&) { check(operation); });
  }
  nv::CumulativeOperation getOperation() const noexcept override { return nv::CumulativeOperation::kSUM; }
  void setExclusive(bool exclusive) noexcept override {
    change("ICumulativeLayer::setExclusive", [&](Cumulative& op) { op.exclusive = exclusive; });
  }
  bool getExclusive() const noexcept override { return op().exclusive; }
  void setReverse(bool reverse) noexcept override {
    change("ICumulativeLayer::setReverse", [&](Cumulative& op) { op.reverse = reverse; });
  }
  bool getReverse() const noexcept override { return op().reverse; }
};

class NormalizationShell final
    : public LayerShell<nv::INormalizationLayer, nv::apiv::VNormalizationLayer, Normalization> {
 public:
  using LayerShell::LayerShell;
  void setEpsilon(float epsilon) noexcept override {
    change("INormalizationLayer::setEpsilon", [&](Normalization& op) { op.epsilon = epsilon; });
  }
  float getEpsilon() const noexcept override { return op().epsilon; }
  void setAxes(uint32_t axes) noexcept override {
    change("INormalizationLayer::setAxes", [&](Normalization& op) { op.axes = some_axes(axes, input_rank()); });
  }
  uint32_t getAxes() const noexcept override { return op().axes; }
  void setNbGroups(int64_t groups) noexcept override {
    change("INormalizationLayer::setNbGroups", [&](Normalization& op) {
      TORCHTRT_REQUIRE(kInvalidArgument, groups >= 1, "the number of groups is ", groups, ", expected at least 1");
      op.groups = groups;
    });
  }
  int64_t getNbGroups() const noexcept override { return op().groups; }
  void setComputePrecision(nv::DataType type) noexcept TORCHTRT_OVERRIDE_10 {
    report().attempt("INormalizationLayer::setComputePrecision", [&] {
      TORCHTRT_REQUIRE(kInvalidArgument, !graph().strongly_typed(), "layer ", LayerBase::getName(),
                       ": setComputePrecision is not allowed in a strongly typed network");
      TORCHTRT_REQUIRE(kInvalidArgument, type == nv::DataType::kFLOAT || type == nv::DataType::kHALF,
                       "compute precision ", ours(type), "; float32 or float16 expected");
      compute_precision_ = type;
    });
  }
  nv::DataType getComputePrecision() const noexcept TORCHTRT_OVERRIDE_10 { return compute_precision_; }
  bool isV2() const noexcept override { return op().v2; }

 private:
  nv::DataType compute_precision_ = nv::DataType::kFLOAT;  // without effect: statistics are float32
};

class MatrixMultiplyShell final
    : public LayerShell<nv::IMatrixMultiplyLayer, nv::apiv::VMatrixMultiplyLayer, MatrixMultiply> {
 public:
  using LayerShell::LayerShell;
  void setOperation(int32_t index, nv::MatrixOperation operation) noexcept override {
    change("IMatrixMultiplyLayer::setOperation", [&](MatrixMultiply& op) {
      TORCHTRT_REQUIRE(kInvalidArgument, index == 0 || index == 1, "operand ", index, "; there are 0 and 1");
      (index == 0 ? op.op0 : op.op1) = ours(operation);
    });
  }
  nv::MatrixOperation getOperation(int32_t index) const noexcept override {
    return theirs(index == 0 ? op().op0 : op().op1);
  }
};

class EinsumShell final : public LayerShell<nv::IEinsumLayer, nv::apiv::VEinsumLayer, Einsum> {
 public:
  using LayerShell::LayerShell;
  bool setEquation(const char* equation) noexcept override {
    return change("IEinsumLayer::setEquation", [&](Einsum& op) {
      TORCHTRT_REQUIRE(kInvalidArgument, equation, "the equation is null");
      op.equation = equation;
    });
  }
  const char* getEquation() const noexcept override { return op().equation.c_str(); }
};

}  // namespace torchtrt::engine::api

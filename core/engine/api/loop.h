// LoopShell: ILoop over a region of the network's graph, and the shells of its boundary layers.
#pragma once

#include <NvInfer.h>

#include "core/engine/api/layer.h"
#include "core/engine/layers/loop_boundary.h"

namespace torchtrt::engine::api {

// Owned by the network.
class LoopShell final : public nv::ILoop, public nv::apiv::VLoop {
 public:
  LoopShell(Network& network, int region);

  nv::IRecurrenceLayer* addRecurrence(nv::ITensor& initial) noexcept override;
  nv::ITripLimitLayer* addTripLimit(nv::ITensor& tensor, nv::TripLimit limit) noexcept override;
  nv::IIteratorLayer* addIterator(nv::ITensor& tensor, int32_t axis, bool reverse) noexcept override;
  nv::ILoopOutputLayer* addLoopOutput(nv::ITensor& tensor, nv::LoopOutput kind, int32_t axis) noexcept override;
  void setName(const char* name) noexcept override;
  const char* getName() const noexcept override;

  static int64_t checked_axis(int32_t axis);  // throws kInvalidArgument for a negative one

 private:
  template <class Shell, class Make>
  Shell* add(const char* function, Make&& make, const nv::ITensor& input);

  Network& network_;
  int region_;
  mutable std::string name_;  // as last returned
};

// A boundary layer of a loop.
template <class Shell, class Inner, class Kind>
class LoopBoundaryShell : public LayerShell<Shell, Inner, Kind>, public nv::apiv::VLoopBoundaryLayer {
 public:
  LoopBoundaryShell(Network& network, NodeId node, LoopShell& loop)
      : LayerShell<Shell, Inner, Kind>(network, node), loop_(loop) {
    this->mBoundary = this;
  }
  nv::ILoop* getLoop() const noexcept override { return &loop_; }

 private:
  LoopShell& loop_;
};

class TripLimitShell final
    : public LoopBoundaryShell<nv::ITripLimitLayer, nv::apiv::VTripLimitLayer, torchtrt::engine::TripLimit> {
 public:
  using LoopBoundaryShell::LoopBoundaryShell;
  nv::TripLimit getTripLimit() const noexcept override { return theirs(op().limit); }
};

class RecurrenceShell final : public LoopBoundaryShell<nv::IRecurrenceLayer, nv::apiv::VRecurrenceLayer, Recurrence> {
 public:
  using LoopBoundaryShell::LoopBoundaryShell;

 protected:
  int most_inputs() const override { return 2; }
};

class IteratorShell final : public LoopBoundaryShell<nv::IIteratorLayer, nv::apiv::VIteratorLayer, Iterator> {
 public:
  using LoopBoundaryShell::LoopBoundaryShell;
  void setAxis(int32_t axis) noexcept override {
    change("IIteratorLayer::setAxis", [&](Iterator& op) { op.axis = LoopShell::checked_axis(axis); });
  }
  int32_t getAxis() const noexcept override { return static_cast<int32_t>(op().axis); }
  void setReverse(bool reverse) noexcept override {
    change("IIteratorLayer::setReverse", [&](Iterator& op) { op.reverse = reverse; });
  }
  bool getReverse() const noexcept override { return op().reverse; }
};

class LoopOutputShell final
    : public LoopBoundaryShell<nv::ILoopOutputLayer, nv::apiv::VLoopOutputLayer, torchtrt::engine::LoopOutput> {
 public:
  using LoopBoundaryShell::LoopBoundaryShell;
  nv::LoopOutput getLoopOutput() const noexcept override { return theirs(op().output); }
  void setAxis(int32_t axis) noexcept override {
    change("ILoopOutputLayer::setAxis",
           [&](torchtrt::engine::LoopOutput& op) { op.axis = LoopShell::checked_axis(axis); });
  }
  int32_t getAxis() const noexcept override { return static_cast<int32_t>(op().axis); }
  // A length makes an output of the last value one that puts values together, for good.
  void setInput(int32_t index, nv::ITensor& tensor) noexcept override;

 protected:
  int most_inputs() const override { return 2; }
};

}  // namespace torchtrt::engine::api

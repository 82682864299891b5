// LoopShell: boundary layers are added here; rules about the loop as a whole are checked by the build.
#include "core/engine/api/loop.h"

#include "core/engine/api/network.h"

namespace torchtrt::engine::api {

LoopShell::LoopShell(Network& network, int region) : network_(network), region_(region) { mImpl = this; }

int64_t LoopShell::checked_axis(int32_t axis) {
  TORCHTRT_REQUIRE(kInvalidArgument, axis >= 0, "axis ", axis, " is negative");
  return axis;
}

template <class Shell, class Make>
Shell* LoopShell::add(const char* function, Make&& make, const nv::ITensor& input) {
  return network_.report().guard(function, static_cast<Shell*>(nullptr), [&]() -> Shell* {
    return network_.keep_boundary<Shell>(make(), {network_.id_of(input)}, *this);
  });
}

nv::IRecurrenceLayer* LoopShell::addRecurrence(nv::ITensor& initial) noexcept {
  return add<RecurrenceShell>(
      "ILoop::addRecurrence", [&] { return Recurrence{region_}; }, initial);
}

nv::ITripLimitLayer* LoopShell::addTripLimit(nv::ITensor& tensor, nv::TripLimit limit) noexcept {
  return add<TripLimitShell>(
      "ILoop::addTripLimit",
      [&] {
        return torchtrt::engine::TripLimit{region_, ours(limit)};
      },
      tensor);
}

nv::IIteratorLayer* LoopShell::addIterator(nv::ITensor& tensor, int32_t axis, bool reverse) noexcept {
  return add<IteratorShell>(
      "ILoop::addIterator",
      [&] {
        return Iterator{region_, checked_axis(axis), reverse};
      },
      tensor);
}

nv::ILoopOutputLayer* LoopShell::addLoopOutput(nv::ITensor& tensor, nv::LoopOutput kind, int32_t axis) noexcept {
  return add<LoopOutputShell>(
      "ILoop::addLoopOutput",
      [&] {
        return torchtrt::engine::LoopOutput{region_, ours(kind), checked_axis(axis)};
      },
      tensor);
}

void LoopShell::setName(const char* name) noexcept {
  network_.report().attempt("ILoop::setName", [&] { network_.name_region(region_, name); });
}

const char* LoopShell::getName() const noexcept { return network_.region_name(region_, name_); }

void LoopOutputShell::setInput(int32_t index, nv::ITensor& tensor) noexcept {
  LayerBase::setInput(index, tensor);
  if (index != 1 || !has_input(1) || op().output != LoopOutputKind::kLastValue) return;
  change("ILoopOutputLayer::setInput",
         [](torchtrt::engine::LoopOutput& op) { op.output = LoopOutputKind::kConcatenate; });
}

}  // namespace torchtrt::engine::api

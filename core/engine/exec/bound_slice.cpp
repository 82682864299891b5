// Slice whose numbers are known: what its rule says is asked once, and a run takes a view of the axes that it shortens.
#include "core/engine/exec/bound_kernel.h"
#include "core/engine/layers/move_aten.h"
#include "core/engine/layers/slice.h"
#include "core/engine/layers/slice_parameters.h"

namespace torchtrt::engine {
namespace {

// An axis that is not taken whole.
struct Part {
  int64_t axis;
  Run run;
};

class BoundSlice final : public BoundKernel {
 public:
  BoundSlice(const Layer& layer, Shape shape, std::vector<Part> parts)
      : layer_(layer), shapes_{std::move(shape)}, parts_(std::move(parts)) {}

  void run(Call& call) override {
    at::Tensor x = movable(call.in(0));
    for (const Part& part : parts_) x = take(x, part.axis, part.run.start, part.run.size, part.run.stride);
    call.set(0, typed(x, call.in(0).scalar_type()));
  }
  bool is_recordable(const Accept& accept) override { return accept(layer_, shapes_); }

 private:
  const Layer& layer_;
  Shapes shapes_;
  std::vector<Part> parts_;
};

// nullopt: something is not known, or lies outside.
std::optional<std::vector<Part>> parts_of(const AxisSlices& slices, const Shape& x) {
  std::vector<Part> parts;
  for (int axis = 0; axis < x.rank(); ++axis) {
    const AxisSlice& slice = slices[static_cast<size_t>(axis)];
    if (!slice.start || !slice.size || !slice.stride || *slice.stride < 1) return std::nullopt;
    const int64_t last = *slice.start + (*slice.size - 1) * *slice.stride;
    if (*slice.size < 1 || *slice.start < 0 || last >= x[axis]) return std::nullopt;
    if (*slice.size < x[axis]) parts.push_back({axis, {*slice.start, *slice.size, *slice.stride}});
  }
  return parts;
}

std::unique_ptr<BoundKernel> bind_slice(const NodeView& view) {
  const ValueId input = view.node.inputs[0];
  const Shape& x = view.evaluation.shape(input);
  if (!x.is_known() || is_packed(view.graph.stale_value(input).dtype)) return nullptr;
  const auto slices = slice_parameters(*as<Slice>(*view.node.layer), view.evaluation.args_of(view.node));
  const auto parts = slices ? parts_of(*slices, x) : std::nullopt;
  if (!parts) return nullptr;
  return std::make_unique<BoundSlice>(*view.node.layer, view.evaluation.shape(view.node.outputs[0]), *parts);
}

const bool registered = (register_binder(Slice::kKind, bind_slice), true);

}  // namespace
}  // namespace torchtrt::engine

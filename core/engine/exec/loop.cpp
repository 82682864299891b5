// Loop on at::Tensors: the body is bound once and run per iteration. The device is waited for only where a condition,
// or a value that shapes depend on, has to be read back.
//
// A value that shapes in the body depend on and that changes from one iteration to the next (a counter that a slice
// starts at) makes the body be bound anew in each iteration.
#include "core/engine/plan/loop.h"

#include <ATen/Functions.h>

#include <optional>

#include "core/engine/exec/bound_body.h"
#include "core/engine/exec/device.h"
#include "core/engine/exec/node_inputs.h"
#include "core/engine/exec/transfer.h"
#include "core/engine/layers/host_move.h"

namespace torchtrt::engine {
namespace {

constexpr int64_t kMostRecorded = 4096;  // kernels of one loop in a CUDA graph

// A recurrence's value: on the device, on the host, or both.
struct Carried {
  at::Tensor tensor;
  std::shared_ptr<const HostValue> host;
};

HostValue slice_of(const HostValue& value, int axis, int64_t index) {
  Shape shape = value.shape;
  shape.erase(axis);
  return generate(value.dtype, shape, [&](const Coordinates& at) {
    Coordinates from{};
    for (int i = 0; i < value.shape.rank(); ++i) from[i] = i == axis ? index : at[i < axis ? i : i - 1];
    return value.elements[static_cast<size_t>(position_of(value.shape, from))];
  });
}

class BoundLoop final : public BoundKernel {
 public:
  explicit BoundLoop(const NodeView& view);
  void run(Call& call) override;
  bool is_recordable(const Accept& accept) override;

 private:
  // What one run of the loop keeps.
  struct Run {
    Call& call;
    std::vector<Carried> state;
    std::vector<at::Tensor> gathered;  // by output
    int64_t trip = 0;
    BoundBody::Fetch fetch;
  };

  size_t recurrences() const { return static_cast<size_t>(op_.recurrences); }
  at::Tensor fetch(Run& run, size_t body_input);
  int64_t slice_index(size_t iterator, int64_t trip) const;
  std::shared_ptr<const HostValue> host_of(Run& run, size_t body_input);
  BoundBody& body_for(Run& run, std::optional<BoundBody>& fresh);
  bool goes_on(BoundBody& body) const;
  bool turns_at_end(size_t output) const;
  at::Tensor place_for(Run& run, size_t output, const at::Tensor& all) const;
  void offer_memory(Run& run, BoundBody& body);
  void take_results(Run& run, BoundBody& body);
  void gather(Run& run, BoundBody& body, size_t output);
  at::Tensor finished(Run& run, size_t output);

  const Loop& op_;
  at::Device device_;
  NodeInputs inputs_;
  std::optional<int64_t> limit_;
  BodyArgs inside_;
  std::optional<BoundBody> fixed_;  // good for all iterations
};

BoundLoop::BoundLoop(const NodeView& view)
    : op_(*as<Loop>(*view.node.layer)), device_(view.device), inputs_(view), limit_(op_.trips(inputs_.args())) {
  TORCHTRT_REQUIRE(kInternal, op_.count < 0 || limit_, "the trip limit is not known");
  inside_ = op_.args(inputs_.args());
  if (!op_.varying.empty()) return;
  fixed_.emplace(op_.body, inside_, device_, op_.conditional);
  if (!fixed_->bind_all()) fixed_.reset();
}

bool BoundLoop::is_recordable(const Accept& accept) {
  if (op_.conditional || !fixed_) return false;
  return *limit_ * static_cast<int64_t>(fixed_->step_count()) <= kMostRecorded && fixed_->is_recordable(accept);
}

int64_t BoundLoop::slice_index(size_t iterator, int64_t trip) const {
  return op_.reversed[iterator] ? *limit_ - 1 - trip : trip;
}

// The tensor of a body input in this trip.
at::Tensor BoundLoop::fetch(Run& run, size_t i) {
  if (i < recurrences()) {
    Carried& carried = run.state[i];
    if (!carried.tensor.defined()) {
      refuse_capture(device_, "every trip of a loop brings a value to the device",
                     "run the engine outside the capture");
      carried.tensor = to_tensor(*carried.host).to(device_);
    }
    return carried.tensor;
  }
  const auto feed = static_cast<size_t>(op_.feeds[i]);
  if (i >= recurrences() + op_.axes.size()) return inputs_.tensor(run.call, feed);
  const size_t iterator = i - recurrences();
  const int64_t index = slice_index(iterator, run.trip), axis = op_.axes[iterator];
  const at::Tensor all = inputs_.tensor(run.call, feed);
  TORCHTRT_CHECK(index >= 0 && index < all.size(axis), "trip ", run.trip, " needs slice ", index, " of iterator \"",
                 op_.body->stale_value(op_.body->inputs()[i]).name, "\", which has ", all.size(axis), " along axis ",
                 axis);
  return all.select(axis, index);
}

std::shared_ptr<const HostValue> BoundLoop::host_of(Run& run, size_t i) {
  const DType dtype = op_.body->stale_value(op_.body->inputs()[i]).dtype;
  if (i < recurrences()) {
    Carried& carried = run.state[i];
    if (!carried.host) carried.host = std::make_shared<HostValue>(to_host(fetch(run, i), dtype));
    return carried.host;
  }
  const size_t iterator = i - recurrences();
  const auto& all = inputs_.host(static_cast<size_t>(op_.feeds[i]));
  const int64_t index = slice_index(iterator, run.trip), axis = op_.axes[iterator];
  const int64_t length = inputs_.shape(static_cast<size_t>(op_.feeds[i]))[static_cast<int>(axis)];
  if (index < 0 || index >= length) return nullptr;  // the condition may end the loop before it is missed
  if (all) return std::make_shared<HostValue>(slice_of(*all, static_cast<int>(axis), index));
  return std::make_shared<HostValue>(to_host(fetch(run, i), dtype));
}

BoundBody& BoundLoop::body_for(Run& run, std::optional<BoundBody>& fresh) {
  if (fixed_) return *fixed_;
  BodyArgs args = inside_;
  std::vector<std::shared_ptr<const HostValue>> kept;
  for (const int64_t i : op_.varying) {
    kept.push_back(host_of(run, static_cast<size_t>(i)));
    args.values[static_cast<size_t>(i)] = kept.back().get();
  }
  fresh.emplace(op_.body, args, device_, op_.conditional);
  return *fresh;
}

bool BoundLoop::goes_on(BoundBody& body) const {
  if (!op_.conditional) return true;
  body.run_condition();
  if (const auto known = body.host_output(0)) return known->elements.at(0).as_int() != 0;
  return is_true(body.output(0));
}

// Of a reversed output the count may not be known before the end: its values are put in order, and turned around then.
bool BoundLoop::turns_at_end(size_t output) const {
  return op_.kind_of(output) == LoopOutputKind::kReverse && op_.conditional;
}

// Where this trip's value of an output goes.
at::Tensor BoundLoop::place_for(Run& run, size_t output, const at::Tensor& all) const {
  const int64_t axis = op_.positions[output], length = all.size(axis);
  TORCHTRT_CHECK(run.trip < length, "trip ", run.trip, " has no place in output ", output, ", whose length is ",
                 length);
  const bool turned = op_.kind_of(output) == LoopOutputKind::kReverse && !turns_at_end(output);
  return all.select(axis, turned ? *limit_ - 1 - run.trip : run.trip);
}

// Values that go one behind the other are computed where they belong. Not where they are turned around at the end, for
// recurrences may be views of them; nor where the next one may have another shape.
void BoundLoop::offer_memory(Run& run, BoundBody& body) {
  for (size_t i = 0; i < op_.kinds.size(); ++i) {
    const bool fits = run.gathered[i].defined() && run.call.out_shape(static_cast<int>(i)).is_known();
    if (!fits || op_.positions[i] != 0 || turns_at_end(i)) continue;
    if (at::Tensor place = place_for(run, i, run.gathered[i]); place.numel() > 0 && place.is_contiguous())
      body.set_dest(static_cast<size_t>(op_.sources[i]), std::move(place));
  }
}

void BoundLoop::gather(Run& run, BoundBody& body, size_t i) {
  const auto source = static_cast<size_t>(op_.sources[i]);
  at::Tensor& all = run.gathered[i];
  if (all.defined() && body.is_delivered(source)) return;
  const at::Tensor& value = body.output(source);
  if (!all.defined()) {  // a shape inside depends on data
    const auto& length = inputs_.host(static_cast<size_t>(op_.lengths[i]));
    TORCHTRT_REQUIRE(kInternal, length, "the length of output ", i, " is not known");
    std::vector<int64_t> sizes = value.sizes().vec();
    sizes.insert(sizes.begin() + op_.positions[i], length->elements.at(0).as_int());
    all = at::empty(sizes, value.options());
  }
  at::Tensor place = place_for(run, i, all);
  TORCHTRT_CHECK(place.sizes() == value.sizes(), "output ", i, " has shape ", shape_of(value), " in trip ", run.trip,
                 ", but ", shape_of(place), " before; it has to keep its shape");
  place.copy_(value, /*non_blocking=*/true);
}

void BoundLoop::take_results(Run& run, BoundBody& body) {
  for (size_t i = 0; i < op_.kinds.size(); ++i)
    if (op_.kind_of(i) != LoopOutputKind::kLastValue) gather(run, body, i);
  std::vector<Carried> next(run.state.size());
  for (size_t r = 0; r < next.size(); ++r) {
    next[r].host = body.host_output(op_.first_next() + r);
    if (next[r].host && !fixed_) continue;  // its tensor is made if somebody asks for it
    next[r].tensor = body.output(op_.first_next() + r);
    const auto feed = static_cast<size_t>(op_.feeds[r]);
    const Shape before = inputs_.shape(feed), now = shape_of(next[r].tensor);
    TORCHTRT_CHECK(before == now || is_packed(inputs_.type(feed)), "recurrence \"",
                   op_.body->stale_value(op_.body->inputs()[r]).name, "\" starts with shape ", before,
                   ", but its next value has shape ", now, "; it has to keep its shape");
  }
  run.state = std::move(next);
}

at::Tensor BoundLoop::finished(Run& run, size_t i) {
  if (op_.kind_of(i) == LoopOutputKind::kLastValue) return fetch(run, static_cast<size_t>(op_.sources[i]));
  at::Tensor& all = run.gathered[i];
  const int64_t axis = op_.positions[i];
  if (!all.defined()) {  // no trip told the shape
    Shape shape = run.call.out_shape(static_cast<int>(i));
    for (int64_t& length : std::span(&shape[0], static_cast<size_t>(shape.rank())))
      if (length == kUnknown) length = 0;
    return at::zeros(c10::IntArrayRef(shape.begin(), shape.end()),
                     at::TensorOptions(scalar_type_of(run.call.out_type(static_cast<int>(i)))).device(device_));
  }
  const int64_t length = all.size(axis);
  if (turns_at_end(i) && run.trip > 1) all.narrow(axis, 0, run.trip).copy_(all.narrow(axis, 0, run.trip).flip({axis}));
  if (run.trip < length) all.narrow(axis, run.trip, length - run.trip).zero_();
  return all;
}

void BoundLoop::run(Call& call) {
  Run run{call, std::vector<Carried>(recurrences()), std::vector<at::Tensor>(op_.kinds.size()), 0, {}};
  run.fetch = [this, &run](size_t input) { return fetch(run, input); };
  for (size_t r = 0; r < recurrences(); ++r) {
    const auto feed = static_cast<size_t>(op_.feeds[r]);
    run.state[r] = {inputs_.tensor(call, feed), inputs_.host(feed)};
  }
  for (size_t i = 0; i < op_.kinds.size(); ++i) {
    if (op_.kind_of(i) == LoopOutputKind::kLastValue || !call.out_shape(static_cast<int>(i)).is_known()) continue;
    const at::Tensor& dest = call.dest(static_cast<int>(i));
    run.gathered[i] =
        dest.defined()
            ? dest
            : at::empty(call.out_sizes(static_cast<int>(i)),
                        at::TensorOptions(scalar_type_of(call.out_type(static_cast<int>(i)))).device(device_));
  }
  for (; !limit_ || run.trip < *limit_; ++run.trip) {
    std::optional<BoundBody> fresh;
    const ReleaseInOrder order(fixed_ ? at::Device(at::kCPU) : device_);  // what it keeps goes with it
    BoundBody& body = body_for(run, fresh);
    body.start(&run.fetch);
    if (!goes_on(body)) break;
    offer_memory(run, body);
    body.run_rest();
    take_results(run, body);
  }
  for (size_t i = 0; i < op_.kinds.size(); ++i) call.set(static_cast<int>(i), finished(run, i));
  if (fixed_) fixed_->finish();
}

const bool registered = (register_binder(Loop::kKind,
                                         [](const NodeView& view) -> std::unique_ptr<BoundKernel> {
                                           return std::make_unique<BoundLoop>(view);
                                         }),
                         true);

}  // namespace
}  // namespace torchtrt::engine

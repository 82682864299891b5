// BoundBody: steps of a body, and running them.
#include "core/engine/exec/bound_body.h"

#include <c10/util/Exception.h>

#include <algorithm>
#include <utility>

#include "core/engine/exec/device.h"
#include "core/engine/exec/observer.h"
#include "core/engine/exec/packing.h"
#include "core/engine/exec/transfer.h"

namespace torchtrt::engine {
namespace {

// Nodes that output 0 depends on, in order, then the others. `count` is how many the first are.
std::vector<NodeId> condition_first_order(const Graph& body, size_t& count) {
  std::vector<char> needed(static_cast<size_t>(body.value_count()), 0);
  needed[static_cast<size_t>(body.outputs().at(0))] = 1;
  std::vector<NodeId> order = body.order();
  std::vector<char> first(order.size(), 0);
  for (size_t i = order.size(); i-- > 0;) {
    const Node& node = body.node(order[i]);
    first[i] = std::any_of(node.outputs.begin(), node.outputs.end(), [&](ValueId v) { return needed[v] != 0; });
    for (const ValueId input : node.inputs)
      if (first[i] && input != kNoId) needed[static_cast<size_t>(input)] = 1;
  }
  std::vector<NodeId> result;
  for (const char wanted : {1, 0})
    for (size_t i = 0; i < order.size(); ++i)
      if (first[i] == wanted) result.push_back(order[i]);
  count = static_cast<size_t>(std::count(first.begin(), first.end(), 1));
  return result;
}

}  // namespace

BoundBody::BoundBody(GraphRef body, const BodyArgs& args, at::Device device, bool condition_first)
    : body_(std::move(body)),
      device_(device),
      evaluation_(start_body(*body_, args)),
      order_(condition_first ? condition_first_order(*body_, condition_end_) : body_->order()),
      tensors_(static_cast<size_t>(body_->value_count())),
      uploaded_(tensors_.size(), 0),
      input_places_(tensors_.size(), -1),
      dests_(body_->outputs().size()),
      delivered_(dests_.size(), 0) {
  for (size_t i = 0; i < body_->inputs().size(); ++i)
    input_places_[static_cast<size_t>(body_->inputs()[i])] = static_cast<int>(i);
}

bool BoundBody::bind_all() {
  bind(order_.size());
  if (position_ < order_.size()) return false;
  plan_releases();
  return true;
}

bool BoundBody::is_recordable(const BoundKernel::Accept& accept) const {
  return std::all_of(steps_.begin(), steps_.end(), [&](const BodyStep& step) {
    return step.bound ? step.bound->is_recordable(accept) : accept(*body_->node(step.node).layer, step.out_shapes);
  });
}

void BoundBody::bind(size_t end) {
  while (position_ < end) {
    const NodeId id = order_[position_];
    const Outcome outcome = evaluation_.evaluate(id);
    if (outcome == Outcome::kNeedsValue) {
      awaited_ = evaluation_.missing_value(id);
      return;
    }
    if (outcome != Outcome::kFolded) add_step(id);
    ++position_;
    if (outcome == Outcome::kDataDependent && position_ < order_.size()) {
      awaited_ = kNoId;
      return;
    }
  }
}

void BoundBody::add_step(NodeId id) {
  const Node& node = body_->node(id);
  BodyStep step;
  step.node = id;
  step.position = position_;
  step.kernel = find_kernel(node.layer->kind());
  step.bound = bind_kernel({*body_, node, evaluation_, device_});
  TORCHTRT_REQUIRE(kUnsupported, step.kernel || step.bound, "layer \"", node.name, "\": there is no kernel for ",
                   node.layer->kind(), " layers");
  const uint32_t host = node.layer->host_inputs(), shape_only = node.layer->shape_only_inputs();
  for (size_t i = 0; i < node.inputs.size(); ++i) {
    const bool by_value = names_input(host, i);
    step.inputs.push_back(by_value || names_input(shape_only, i) ? kNoId : node.inputs[i]);
    step.values.push_back(by_value && node.inputs[i] != kNoId ? evaluation_.host(node.inputs[i]).get() : nullptr);
  }
  for (const ValueId output : node.outputs) {
    step.out_shapes.push_back(evaluation_.shape(output));
    step.out_types.push_back(body_->stale_value(output).dtype);
    const auto found = std::find(body_->outputs().begin(), body_->outputs().end(), output);
    step.results.push_back(found == body_->outputs().end() ? -1 : static_cast<int>(found - body_->outputs().begin()));
  }
  step.operands = operands_of(*body_, node, evaluation_);
  step.outputs = node.outputs;
  steps_.push_back(std::move(step));
}

void BoundBody::plan_releases() {
  std::vector<char> keep(tensors_.size(), 0);
  for (const ValueId output : body_->outputs()) keep[static_cast<size_t>(output)] = 1;
  for (auto step = steps_.rbegin(); step != steps_.rend(); ++step) {
    const auto release = [&](ValueId value) {
      if (value != kNoId && !evaluation_.is_host_known(value) && !std::exchange(keep[static_cast<size_t>(value)], 1))
        step->releases.push_back(value);
    };
    std::for_each(step->outputs.begin(), step->outputs.end(), release);
    std::for_each(step->inputs.begin(), step->inputs.end(), release);
  }
}

void BoundBody::start(const Fetch* fetch) {
  fetch_ = fetch;
  next_ = 0;
  for (const ValueId input : body_->inputs())
    if (!uploaded_[static_cast<size_t>(input)]) tensors_[static_cast<size_t>(input)].reset();
  std::fill(delivered_.begin(), delivered_.end(), 0);
  for (at::Tensor& dest : dests_) dest.reset();
}

void BoundBody::finish() {
  for (size_t value = 0; value < tensors_.size(); ++value)
    if (!uploaded_[value]) tensors_[value].reset();
  for (at::Tensor& dest : dests_) dest.reset();
}

std::shared_ptr<const HostValue> BoundBody::host_output(size_t i) const {
  const ValueId value = body_->outputs()[i];
  return evaluation_.is_host_known(value) ? evaluation_.host(value) : nullptr;
}

// Values of the host are brought to the device once, and waited for: later runs may be on other streams.
const at::Tensor& BoundBody::tensor(ValueId value) {
  at::Tensor& found = tensors_[static_cast<size_t>(value)];
  if (found.defined()) return found;
  if (const int input = input_places_[static_cast<size_t>(value)]; input >= 0 && fetch_) {
    found = (*fetch_)(static_cast<size_t>(input));
  } else {
    TORCHTRT_REQUIRE(kInternal, evaluation_.is_host_known(value), "the value of \"", body_->stale_value(value).name,
                     "\" was not computed before it was needed");
    found = upload(to_tensor(*evaluation_.host(value)), device_);
    uploaded_[static_cast<size_t>(value)] = 1;
  }
  return found;
}

void BoundBody::run_until(size_t end) {
  while (true) {
    while (next_ < steps_.size() && steps_[next_].position < end) {
      const BodyStep& step = steps_[next_++];
      try {
        run_step(step);
      } catch (const Error& error) {
        throw Error(error.kind(), failure_of(step, error.what()));
      } catch (const c10::Error& error) {
        throw Error(ErrorKind::kExecution, failure_of(step, error.what_without_backtrace()));
      } catch (const std::exception& error) {
        throw Error(ErrorKind::kExecution, failure_of(step, error.what()));
      }
    }
    if (position_ >= end) return;
    resolve();
    bind(end);
  }
}

// Reads back what the next node needs to be bound, if it needs something.
void BoundBody::resolve() {
  if (awaited_ != kNoId) {
    const ValueId value = std::exchange(awaited_, kNoId);
    return evaluation_.set_host(value, to_host(tensor(value), body_->stale_value(value).dtype));
  }
  if (steps_.empty()) return;
  for (const ValueId output : steps_.back().outputs)
    if (!evaluation_.shape(output).is_known())
      evaluation_.set_shape(output, shape_of(tensors_[static_cast<size_t>(output)]));
}

void BoundBody::run_step(const BodyStep& step) {
  arguments_.clear();
  for (const ValueId input : step.inputs) arguments_.push_back(input == kNoId ? nullptr : &tensor(input));
  for (const Shape& shape : step.out_shapes)
    if (!shape.is_known()) refuse_capture(device_, "lengths depend on data", "run the engine outside the capture");
  results_.assign(step.outputs.size(), at::Tensor());
  for (size_t i = 0; i < step.results.size(); ++i)
    if (step.results[i] >= 0) results_[i] = dests_[static_cast<size_t>(step.results[i])];
  Call call(arguments_, results_, step.out_shapes, step.values, step.out_types, device_, step.operands.get());
  if (step.bound) {
    step.bound->run(call);
  } else {
    step.kernel(*body_->node(step.node).layer, call);
  }
  for (size_t i = 0; i < step.outputs.size(); ++i) store(step, i, std::move(results_[i]));
  if (const Observer* observer = Observer::listening())
    for (const ValueId output : step.outputs) observer->report(*body_, output, tensors_[static_cast<size_t>(output)]);
  for (const ValueId value : step.releases) tensors_[static_cast<size_t>(value)].reset();
}

void BoundBody::store(const BodyStep& step, size_t i, at::Tensor result) {
  TORCHTRT_REQUIRE(kInternal,
                   result.defined() && result.scalar_type() == storage_type_of(step.out_types[i]) &&
                       has_stored_shape(result, step.out_types[i], step.out_shapes[i]),
                   "the kernel's result ", i, " is not ", step.out_types[i], ' ', step.out_shapes[i]);
  if (const int output = step.results[i]; output >= 0 && dests_[static_cast<size_t>(output)].defined()) {
    at::Tensor& dest = dests_[static_cast<size_t>(output)];
    if (!result.is_same(dest)) dest.copy_(result, /*non_blocking=*/true);
    delivered_[static_cast<size_t>(output)] = 1;
  }
  tensors_[static_cast<size_t>(step.outputs[i])] = std::move(result);
}

std::string BoundBody::failure_of(const BodyStep& step, const char* what) const {
  const Node& node = body_->node(step.node);
  std::string text = join(node.layer->kind(), " layer \"", node.name, "\" failed to run: ", what);
  for (size_t i = 0; i < step.inputs.size(); ++i)
    if (step.inputs[i] != kNoId)
      text += join("\n  input ", i, " \"", body_->stale_value(step.inputs[i]).name,
                   "\": ", body_->stale_value(step.inputs[i]).dtype, ' ', evaluation_.shape(step.inputs[i]));
  return text;
}

}  // namespace torchtrt::engine

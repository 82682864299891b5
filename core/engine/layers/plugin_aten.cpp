// Runs a plugin: memory for what it writes, addresses, and lengths that it tells by its size tensors.
//
// Note [Data-dependent plugins]: outputs whose lengths depend on a size tensor get memory for the upper bound. After
// the plugin has run its size tensors are read back (this waits for the device), and outputs become what they hold.
#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>
#include <c10/core/Stream.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include <algorithm>

#include "core/engine/layers/context_state.h"
#include "core/engine/layers/kernel_result.h"
#include "core/engine/layers/plugin.h"

namespace torchtrt::engine {
namespace {

constexpr int64_t kAlignment = 256;

// A plugin in one context.
struct Attached {
  std::unique_ptr<PluginRun> run;
  uint64_t changes = 0;  // of the context, when the plugin was last told shapes
  PluginTensors inputs, outputs;
  int64_t workspace = 0;
  std::vector<HostValue> values;     // of shape inputs, when they were last uploaded
  std::vector<at::Tensor> uploaded;  // by shape input
};

Attached& attached(const PluginLayer& op) {
  ContextState& state = ContextState::current();
  return state.keep<Attached>(op.slot.get(), [&] {
    TORCHTRT_REQUIRE(kInternal, op.slot->object, op.title(), " was not made");
    auto made = std::make_unique<Attached>();
    made->run = op.slot->object->attach(state.owner());
    return made.release();
  });
}

DType plugin_type(const PluginLayer& op, int i) {
  return static_cast<DType>(op.plugin_types.at(static_cast<size_t>(i)));
}

void* current_stream(at::Device device) {
  if (device.is_cpu()) return nullptr;
  return c10::impl::VirtualGuardImpl(device.type()).getStream(device).native_handle();
}

at::Tensor empty(const Shape& shape, DType dtype, at::Device device) {
  const Shape stored = storage_shape_of(dtype, shape);
  return at::empty({stored.begin(), static_cast<size_t>(stored.rank())},
                   at::TensorOptions(storage_type_of(dtype)).device(device));
}

at::Tensor on_host(const HostValue& value) {
  at::Tensor tensor = at::empty({value.shape.begin(), static_cast<size_t>(value.shape.rank())},
                                at::TensorOptions(scalar_type_of(value.dtype)));
  for (size_t i = 0; i < value.elements.size(); ++i) {
    if (value.dtype == DType::kInt32)
      tensor.mutable_data_ptr<int32_t>()[i] = static_cast<int32_t>(value.elements[i].as_int());
    else
      tensor.mutable_data_ptr<int64_t>()[i] = value.elements[i].as_int();
  }
  return tensor;
}

// One run: what the plugin is told, and the tensors behind the addresses.
struct Run {
  PluginTensors inputs, outputs;
  std::vector<at::Tensor> in, out;
  std::vector<Shape> bounds;  // of outputs, at most
};

Shapes input_shapes(const Call& call) {
  Shapes shapes;
  for (int i = 0; i < call.size(); ++i) shapes.push_back(call.has(i) ? call.in_shape(i) : call.value(i)->shape);
  return shapes;
}

// The layer's shape rule on this call's arguments.
Shapes evaluate(const PluginLayer& op, const Call& call, const DimRule::SizeOf& size_of) {
  const Shapes shapes = input_shapes(call);
  std::vector<const HostValue*> values;
  Types types;
  for (int i = 0; i < call.size(); ++i) {
    values.push_back(call.value(i));
    types.push_back(static_cast<DType>(op.graph_types.at(static_cast<size_t>(i))));
  }
  return op.shapes_with({shapes, values, types}, size_of);
}

// Shape inputs are known on the host; they are uploaded again only when they change.
at::Tensor shape_input(Attached& plugin, size_t index, const HostValue& value, at::Device device) {
  plugin.values.resize(std::max(plugin.values.size(), index + 1));
  plugin.uploaded.resize(plugin.values.size());
  if (!plugin.uploaded[index].defined() || !(plugin.values[index] == value)) {
    plugin.values[index] = value;
    plugin.uploaded[index] = on_host(value).to(device);
  }
  return plugin.uploaded[index];
}

void gather_inputs(const PluginLayer& op, const Call& call, Attached& plugin, Run& run) {
  for (int i = 0; i < call.size(); ++i) {
    const DType wanted = plugin_type(op, i);
    if (i >= op.tensors) {
      run.in.push_back(shape_input(plugin, static_cast<size_t>(i - op.tensors), *call.value(i), call.device()));
      run.inputs.push_back({wanted, call.value(i)->shape});
      continue;
    }
    const bool plain = is_packed(wanted) || call.in(i).scalar_type() == storage_type_of(wanted);
    run.in.push_back((plain ? call.in(i) : convert(call.in(i), scalar_type_of(wanted))).contiguous());
    run.inputs.push_back({wanted, call.in_shape(i)});
  }
}

// Written where it stands if it is an input of the network; anything else others may still read, or be views of.
at::Tensor aliased_memory(const PluginLayer& op, const Call& call, Run& run, int output, size_t input) {
  const bool in_place =
      std::find(op.in_place.begin(), op.in_place.end(), static_cast<int64_t>(input)) != op.in_place.end();
  const at::Tensor& dest = call.dest(output);
  TORCHTRT_REQUIRE(
      kInvalidState, !in_place || !dest.defined() || dest.const_data_ptr() == run.in[input].const_data_ptr(), "output ",
      output, " of ", op.title(), " is its input ", input, ", written in place: bind both to the same address");
  TORCHTRT_REQUIRE(kExecution, run.bounds[output] == run.inputs[input].shape, "output ", output, " of ", op.title(),
                   " is its input ", input, ", written in place: its shape ", run.bounds[output],
                   " must be that of the input, ", run.inputs[input].shape);
  if (!in_place) run.in[input] = run.in[input].clone();
  return run.in[input];
}

void make_outputs(const PluginLayer& op, const Call& call, Run& run) {
  run.bounds = evaluate(op, call, size_at_most);
  for (int i = 0; i < call.result_count(); ++i) {
    const DType type = plugin_type(op, call.size() + i);
    run.outputs.push_back({type, call.out_shape(i)});
    const int64_t alias = op.aliases.empty() ? -1 : op.aliases.at(static_cast<size_t>(i));
    const at::Tensor& dest = call.dest(i);
    TORCHTRT_REQUIRE(kExecution, run.bounds[i].is_known(), "output ", i, " of ", op.title(),
                     " has no upper bound: ", run.bounds[i]);
    if (alias >= 0)
      run.out.push_back(aliased_memory(op, call, run, i, static_cast<size_t>(alias)));
    else if (dest.defined() && dest.is_contiguous() && dest.scalar_type() == storage_type_of(type))
      run.out.push_back(dest);
    else
      run.out.push_back(empty(run.bounds[i], type, call.device()));
  }
}

void* aligned(const at::Tensor& memory) {
  const auto address = reinterpret_cast<uintptr_t>(memory.mutable_data_ptr());
  return reinterpret_cast<void*>((address + kAlignment - 1) / kAlignment * kAlignment);
}

void enqueue(Attached& plugin, const Run& run, at::Device device) {
  ContextState& state = ContextState::current();
  if (plugin.changes != state.changes() || plugin.inputs != run.inputs || plugin.outputs != run.outputs) {
    plugin.changes = 0;  // told again if this one fails
    plugin.workspace = plugin.run->prepare(run.inputs, run.outputs);
    plugin.inputs = run.inputs;
    plugin.outputs = run.outputs;
    plugin.changes = state.changes();
  }
  at::Tensor workspace;
  PluginMemory memory;
  if (plugin.workspace > 0) {
    workspace = at::empty({plugin.workspace + kAlignment}, at::TensorOptions(at::kByte).device(device));
    memory.workspace = aligned(workspace);
  }
  for (const at::Tensor& tensor : run.in) memory.inputs.push_back(tensor.const_data_ptr());
  for (const at::Tensor& tensor : run.out) memory.outputs.push_back(tensor.mutable_data_ptr());
  memory.stream = current_stream(device);
  plugin.run->enqueue(memory);
}

// See Note [Data-dependent plugins].
Shapes shapes_after(const PluginLayer& op, const Call& call, const Run& run) {
  const auto size_of = [&](int output, DimRule::Number, DimRule::Number upper) -> DimRule::Number {
    const int64_t size = run.out[output].to(at::kCPU).const_data_ptr<int32_t>()[0];
    TORCHTRT_REQUIRE(kExecution, size >= 0 && upper && size <= *upper, op.title(), " wrote ", size,
                     " to its size tensor, output ", output, "; 0 to ", upper.value_or(0), " were declared");
    return size;
  };
  return evaluate(op, call, size_of);
}

// Memory for `bound` as the tensor of `shape` that it holds.
at::Tensor narrowed(const at::Tensor& memory, const Shape& shape, DType type) {
  const Shape stored = storage_shape_of(type, shape);
  const int64_t count = stored.volume();
  return memory.view({memory.numel()}).narrow(0, 0, count).view({stored.begin(), static_cast<size_t>(stored.rank())});
}

void run_plugin(const PluginLayer& op, Call& call) {
  Attached& plugin = attached(op);
  Run run;
  gather_inputs(op, call, plugin, run);
  make_outputs(op, call, run);
  enqueue(plugin, run, call.device());
  const bool late = std::any_of(run.outputs.begin(), run.outputs.end(),
                                [](const PluginTensor& output) { return !output.shape.is_known(); });
  const Shapes shapes = late ? shapes_after(op, call, run) : run.bounds;
  for (int i = 0; i < call.result_count(); ++i) {
    const DType type = plugin_type(op, call.size() + i), wanted = call.out_type(i);
    const at::Tensor result = run.outputs[i].shape.is_known() ? run.out[i] : narrowed(run.out[i], shapes[i], type);
    call.set(i, type == wanted ? result : convert(result, scalar_type_of(wanted)));
  }
}

template <class Kind>
void run_kind(const Layer& layer, Call& call) {
  run_plugin(static_cast<const LayerOf<Kind>&>(layer).op, call);
}

const bool registered =
    (register_kernel(PluginV2::kKind, run_kind<PluginV2>), register_kernel(PluginV3::kKind, run_kind<PluginV3>), true);

}  // namespace

void attach_plugin(const PluginLayer& op) { attached(op); }

}  // namespace torchtrt::engine

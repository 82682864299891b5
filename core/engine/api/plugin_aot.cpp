// PLUGIN_V3QUICKAOT: the kernel's text and launch parameters at build, its launch at run time.
#include "core/engine/api/plugin_aot.h"

#include <array>

#include "core/engine/api/launch_params.h"
#include "core/engine/api/twins.h"
#include "core/engine/exec/context.h"
#include "core/engine/exec/cuda_kernel.h"
#include "core/engine/file/cursor.h"

namespace torchtrt::engine::api {
namespace {

using Type = nv::PluginCapabilityType;
constexpr const char* kBuildKind = "PLUGIN_V3QUICKAOT_BUILD";

// What a plan holds.
struct Kernel {
  std::string name, code;
  std::vector<int64_t> widths;  // bytes of each extra argument
  DimRule rule;                 // grid x, y, z, block x, y, z, shared memory, then the extra arguments, each of rank 1
};

void require_cuda() {
  TORCHTRT_REQUIRE(
      kUnsupported, runs_on_cuda(),
      "its ahead-of-time (AOT) implementation is a CUDA kernel, but the engine runs on the CPU; use the JIT "
      "implementation, with network flag kPREFER_JIT_PYTHON_PLUGINS or aot=False");
}

std::string written(const Kernel& kernel) {
  Writer out;
  out.put(kernel.name);
  out.put(kernel.code);
  out.put_list(kernel.widths);
  out.put_list(kernel.rule.encoded());
  const Bytes bytes = out.take();
  return std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

Kernel read(const std::string& data) {
  Cursor in(std::as_bytes(std::span(data)));
  Kernel kernel;
  kernel.name = in.get<std::string>();
  kernel.code = in.get<std::string>();
  kernel.widths = in.get_list<int64_t>();
  kernel.rule = DimRule::decoded(in.get_list<int64_t>());
  in.finish();
  bool right = kernel.rule.output_count() == kLaunchNumbers + static_cast<int>(kernel.widths.size());
  for (int i = 0; i < kernel.rule.output_count(); ++i) right = right && kernel.rule.rank(i) == 1;
  for (const int64_t width : kernel.widths) right = right && (width == 1 || width == 2 || width == 4);
  TORCHTRT_REQUIRE(kCorruptPlan, right, "the plan is damaged: launch parameters of a plugin's kernel");
  return kernel;
}

class AotRun final : public PluginRun {
 public:
  explicit AotRun(const Kernel& kernel) : kernel_(kernel), loaded_(kernel.code, kernel.name) {}

  int64_t prepare(const PluginTensors& inputs, const PluginTensors&) override {
    Shapes shapes;
    Types types;
    for (const PluginTensor& input : inputs) {
      shapes.push_back(input.shape);
      types.push_back(input.dtype);
    }
    const std::vector<const HostValue*> values(inputs.size(), nullptr);
    const Shapes found = kernel_.rule.evaluate({shapes, values, types}, size_at_most);
    for (int i = 0; i < kLaunchNumbers; ++i) launch_[static_cast<size_t>(i)] = found[static_cast<size_t>(i)][0];
    extra_.clear();
    for (size_t i = 0; i < kernel_.widths.size(); ++i) extra_.push_back(found[kLaunchNumbers + i][0]);
    return 0;
  }

  // Arguments: inputs, extra numbers (little endian, so that the low bytes come first), outputs.
  void enqueue(const PluginMemory& memory) override {
    std::vector<const void*> inputs = memory.inputs;
    std::vector<void*> outputs = memory.outputs, arguments;
    for (const void*& input : inputs) arguments.push_back(&input);
    for (int64_t& number : extra_) arguments.push_back(&number);
    for (void*& output : outputs) arguments.push_back(&output);
    loaded_.launch(launch_, arguments, memory.stream);
  }

 private:
  const Kernel& kernel_;
  CudaKernel loaded_;
  std::array<int64_t, kLaunchNumbers> launch_{};
  std::vector<int64_t> extra_;
};

// The plugin as a plan knows it.
class LoadedAot final : public PluginObject {
 public:
  explicit LoadedAot(Kernel kernel) : kernel_(std::move(kernel)) {}
  int output_count() const override { return 0; }
  Types output_types(const Types&, const std::vector<int>&) const override { return unknown<Types>(); }
  DimRule shape_rule(const ShapeArgs&, int) const override { return unknown<DimRule>(); }
  PluginChoice configure(const PluginBuild&) const override { return unknown<PluginChoice>(); }
  std::unique_ptr<PluginRun> attach(void*) const override { return std::make_unique<AotRun>(kernel_); }

 private:
  template <class T>
  T unknown() const {
    TORCHTRT_THROW(kInternal, "a kernel that was compiled cannot be built again");
  }

  Kernel kernel_;
};

class Aot final : public QuickObject {
 public:
  explicit Aot(OwnedV3 plugin) : QuickObject(std::move(plugin), kBuildKind) {}

  PluginChoice configure(const PluginBuild& build) const override {
    Aot made(cloned(plugin()));
    made.knows_what(*this);
    PluginChoice choice = made.choose(build, [&](int32_t tactic) { return made.aot().setTactic(tactic); });
    Kernel kernel = made.compile(build, choice.types);
    choice.data = written(kernel);
    choice.object = std::make_shared<LoadedAot>(std::move(kernel));
    return choice;
  }

  std::unique_ptr<PluginRun> attach(void*) const override {
    TORCHTRT_THROW(kInternal, "the plugin's kernel was not compiled");
  }

 private:
  nv::IPluginV3QuickAOTBuild& aot() const { return static_cast<nv::IPluginV3QuickAOTBuild&>(build_capability()); }
  Kernel compile(const PluginBuild& build, const Types& types) const;
};

// Plugins of the bindings compute launch parameters from the expressions that they were told last, with the output
// shapes, and make their kernel meanwhile.
Kernel Aot::compile(const PluginBuild& build, const Types& types) const {
  const auto in = static_cast<int32_t>(build.inputs);
  const auto out = static_cast<int32_t>(types.size() - build.inputs);
  const PluginTensors& tensors = build.profiles.front();
  Shapes shapes;
  for (size_t i = 0; i < build.inputs; ++i) shapes.push_back(tensors[i].shape);
  const std::vector<const HostValue*> values(build.inputs, nullptr);
  const std::shared_ptr<ExprBuilder> owner = ExprBuilder::lasting();
  ExprBuilder& expressions = *owner;
  std::vector<nv::DimsExprs> lengths;
  for (int32_t i = 0; i < in; ++i) lengths.push_back(expressions.lengths_of({shapes, values, types}, i));
  std::vector<nv::DimsExprs> results(static_cast<size_t>(out));
  check_result(aot().getOutputShapes(lengths.data(), in, nullptr, 0, results.data(), out, expressions),
               "getOutputShapes");
  LaunchParams params;
  SymExprs extra;
  const auto descs = dynamic_descs_of(tensors, types);
  check_result(aot().getLaunchParams(lengths.data(), descs.data(), in, out, &params, &extra, expressions),
               "getLaunchParams");
  params.add_to(expressions);
  std::vector<int64_t> widths = extra.add_to(expressions);

  const auto fixed = descs_of(at_opt(tensors, types));
  const char* name = nullptr;
  char* code = nullptr;
  int32_t size = 0;
  check_result(aot().getKernel(fixed.data(), in, fixed.data() + in, out, &name, &code, &size), "getKernel");
  TORCHTRT_CHECK(name && code && size > 0, "the plugin failed: its getKernel gave no kernel");
  return {name, std::string(code, static_cast<size_t>(size)), std::move(widths), expressions.rule()};
}

}  // namespace

bool is_aot(nv::IPluginV3& plugin) {
  return capability<nv::IPluginCapability>(plugin, Type::kBUILD, kBuildKind) != nullptr;
}

std::shared_ptr<V3Object> make_aot(OwnedV3 plugin) {
  require_cuda();
  return std::make_shared<Aot>(std::move(plugin));
}

std::shared_ptr<PluginObject> load_aot(const std::string& data) {
  require_cuda();
  return std::make_shared<LoadedAot>(read(data));
}

}  // namespace torchtrt::engine::api

// PLUGIN_V3ONE: the order of calls is that of engine.md 17.3.
//
// Shape inputs come behind the tensor inputs, wherever a plugin is told or given its inputs; getOutputShapes alone has
// them apart, by value. Tactics are not timed: the first one is taken.
#include "core/engine/api/plugin_v3.h"

#include <algorithm>

#include "core/engine/api/plugin_aot.h"
#include "core/engine/api/plugin_context.h"
#include "core/engine/api/plugin_descs.h"
#include "core/engine/api/plugin_fields.h"
#include "core/engine/api/plugin_quick.h"
#include "core/engine/api/twins.h"

namespace torchtrt::engine::api {
namespace {

using Type = nv::PluginCapabilityType;

class V3Run final : public PluginRun {
 public:
  V3Run(std::unique_ptr<PluginContext> context, OwnedV3 plugin, const V3Settings& settings)
      : context_(std::move(context)), plugin_(std::move(plugin)), settings_(settings) {
    runtime_ = capability<nv::IPluginV3OneRuntime>(*plugin_, Type::kRUNTIME, "PLUGIN_V3ONE_RUNTIME");
    TORCHTRT_CHECK(runtime_, "the clone that attachToContext made has no runtime capability");
    check_result(runtime_->setTactic(settings.tactic), "setTactic");
  }

  int64_t prepare(const PluginTensors& inputs, const PluginTensors& outputs) override {
    inputs_ = descs_of(inputs);
    outputs_ = descs_of(outputs);
    check_result(runtime_->onShapeChange(inputs_.data(), static_cast<int32_t>(inputs_.size()), outputs_.data(),
                                         static_cast<int32_t>(outputs_.size())),
                 "onShapeChange");
    return settings_.workspace;
  }

  void enqueue(const PluginMemory& memory) override {
    const int32_t result =
        runtime_->enqueue(inputs_.data(), outputs_.data(), memory.inputs.data(), memory.outputs.data(),
                          memory.workspace, static_cast<cudaStream_t>(memory.stream));
    TORCHTRT_REQUIRE(kExecution, result == 0, "the plugin failed: its enqueue answered ", result);
  }

 private:
  std::unique_ptr<PluginContext> context_;  // lives as long as the plugin
  OwnedV3 plugin_;
  V3Settings settings_;
  nv::IPluginV3OneRuntime* runtime_;
  std::vector<nv::PluginTensorDesc> inputs_, outputs_;
};

class V3One final : public V3Object {
 public:
  V3One(OwnedV3 plugin, const V3Settings& settings)
      : V3Object(std::move(plugin)),
        settings_(settings),
        build_(capability<nv::IPluginV3OneBuild>(this->plugin(), Type::kBUILD, "PLUGIN_V3ONE_BUILD")),
        runtime_(capability<nv::IPluginV3OneRuntime>(this->plugin(), Type::kRUNTIME, "PLUGIN_V3ONE_RUNTIME")) {
    TORCHTRT_CHECK(runtime_, "the plugin has no runtime capability (PLUGIN_V3ONE_RUNTIME)");
  }
  bool can_build() const { return build_ != nullptr; }

  int output_count() const override { return build_->getNbOutputs(); }

  Types output_types(const Types& in, const std::vector<int>&) const override {
    std::vector<nv::DataType> inputs, outputs(static_cast<size_t>(std::max(0, output_count())));
    for (const DType type : in) inputs.push_back(theirs(type));
    check_result(build_->getOutputDataTypes(outputs.data(), static_cast<int32_t>(outputs.size()), inputs.data(),
                                            static_cast<int32_t>(inputs.size())),
                 "getOutputDataTypes");
    Types types;
    for (const nv::DataType type : outputs) types.push_back(ours(type));
    return types;
  }

  DimRule shape_rule(const ShapeArgs& in, int tensors) const override {
    const auto kept = told(std::make_shared<ExprBuilder>());
    return v3_shape_rule(*build_, output_count(), in, tensors, expressions());
  }

  PluginChoice configure(const PluginBuild& build) const override;

  std::unique_ptr<PluginRun> attach(void* owner) const override {
    auto context = std::make_unique<PluginContext>(owner);
    OwnedV3 attached(runtime_->attachToContext(context.get()));
    TORCHTRT_CHECK(attached, "the plugin failed: its attachToContext answered null");
    return std::make_unique<V3Run>(std::move(context), std::move(attached), settings_);
  }

 private:
  void configure_for(const PluginTensors& tensors, const Types& types, size_t inputs);
  void try_tactic(const PluginTensors& tensors, const Types& types, size_t inputs);
  Types find_types(const PluginBuild& build) const;

  V3Settings settings_;
  nv::IPluginV3OneBuild* build_;  // null at run time
  nv::IPluginV3OneRuntime* runtime_;
};

Types V3One::find_types(const PluginBuild& build) const {
  const PluginTensors& tensors = build.profiles.front();
  const auto outputs = static_cast<int32_t>(tensors.size() - build.inputs);
  return accepted_types(build, build_->getFormatCombinationLimit(), [&](size_t position, const Types& types) {
    const auto descs = dynamic_descs_of(tensors, types);
    return build_->supportsFormatCombination(static_cast<int32_t>(position), descs.data(),
                                             static_cast<int32_t>(build.inputs), outputs);
  });
}

// Workspace is the most that any profile needs.
void V3One::configure_for(const PluginTensors& tensors, const Types& types, size_t inputs) {
  const auto descs = dynamic_descs_of(tensors, types);
  const auto in = static_cast<int32_t>(inputs), out = static_cast<int32_t>(descs.size() - inputs);
  check_result(build_->configurePlugin(descs.data(), in, descs.data() + inputs, out), "configurePlugin");
  const size_t workspace = build_->getWorkspaceSize(descs.data(), in, descs.data() + inputs, out);
  settings_.workspace = std::max(settings_.workspace, static_cast<int64_t>(workspace));
}

void V3One::try_tactic(const PluginTensors& tensors, const Types& types, size_t inputs) {
  check_result(runtime_->setTactic(settings_.tactic), "setTactic");
  const auto descs = descs_of(at_opt(tensors, types));
  check_result(runtime_->onShapeChange(descs.data(), static_cast<int32_t>(inputs), descs.data() + inputs,
                                       static_cast<int32_t>(descs.size() - inputs)),
               "onShapeChange");
}

PluginChoice V3One::configure(const PluginBuild& build) const {
  auto made = std::make_shared<V3One>(cloned(plugin()), V3Settings{});
  made->knows_what(*this);
  TORCHTRT_CHECK(made->build_, "the plugin's clone has no build capability (PLUGIN_V3ONE_BUILD)");
  PluginChoice choice;
  choice.types = made->find_types(build);
  for (const PluginTensors& tensors : build.profiles) {
    made->configure_for(tensors, choice.types, build.inputs);
    made->settings_.tactic = first_tactic(made->build_->getNbTactics(),
                                          [&](int32_t* to, int32_t n) { return made->build_->getValidTactics(to, n); });
    made->try_tactic(tensors, choice.types, build.inputs);
  }
  made->configure_for(build.profiles.front(), choice.types, build.inputs);
  auto* second =
      made->build_->getInterfaceInfo().major >= 2 ? static_cast<nv::v_2_0::IPluginV3OneBuild*>(made->build_) : nullptr;
  if (second && build.asks_aliases)
    choice.aliases = aliases_of(made->output_count(), [&](int32_t output) { return second->getAliasedInput(output); });
  choice.tactic = made->settings_.tactic;
  choice.workspace = made->settings_.workspace;
  choice.data = fields_of(made->runtime_->getFieldsToSerialize());
  choice.object = made;
  return choice;
}

const char* required(const char* text, const char* what) {
  TORCHTRT_REQUIRE(kInvalidArgument, text, "the plugin's ", what, " is null");
  return text;
}

template <class Core>
PluginName name_in(Core& core) {
  return {required(core.getPluginName(), "name"), required(core.getPluginVersion(), "version"),
          required(core.getPluginNamespace(), "namespace")};
}

}  // namespace

OwnedV3 cloned(nv::IPluginV3& plugin) {
  OwnedV3 copy(plugin.clone());
  TORCHTRT_CHECK(copy, "the plugin failed: its clone answered null");
  return copy;
}

bool is_quick(nv::IPluginV3& plugin) {
  return capability<nv::IPluginCapability>(plugin, Type::kCORE, "PLUGIN_V3QUICK_CORE") != nullptr;
}

PluginGeneration generation_of(nv::IPluginV3& plugin) {
  if (!is_quick(plugin)) return PluginGeneration::kV3;
  return is_aot(plugin) ? PluginGeneration::kV3Aot : PluginGeneration::kV3Quick;
}

PluginName name_of(nv::IPluginV3& plugin) {
  if (auto* quick = capability<nv::IPluginV3QuickCore>(plugin, Type::kCORE, "PLUGIN_V3QUICK_CORE"))
    return name_in(*quick);
  auto* core = capability<nv::IPluginV3OneCore>(plugin, Type::kCORE, "PLUGIN_V3ONE_CORE");
  TORCHTRT_REQUIRE(kInvalidArgument, core, "the plugin has no core capability (PLUGIN_V3ONE_CORE)");
  return name_in(*core);
}

std::shared_ptr<V3Object> make_v3(OwnedV3 plugin, nv::TensorRTPhase phase, const PluginLayer& layer) {
  const V3Settings settings{static_cast<int32_t>(layer.tactic), layer.workspace};
  if (is_quick(*plugin)) return make_quick(std::move(plugin), phase, settings);
  name_of(*plugin);
  auto made = std::make_shared<V3One>(std::move(plugin), settings);
  TORCHTRT_REQUIRE(kInvalidArgument, phase != nv::TensorRTPhase::kBUILD || made->can_build(),
                   "the plugin has no build capability (PLUGIN_V3ONE_BUILD)");
  return made;
}

std::string fields_of(const nv::PluginFieldCollection* fields) {
  TORCHTRT_CHECK(fields, "the plugin failed: its getFieldsToSerialize answered null");
  return write_fields(*fields);
}

int32_t first_tactic(int32_t count, const std::function<int32_t(int32_t*, int32_t)>& get) {
  TORCHTRT_CHECK(count >= 0, "the plugin failed: its getNbTactics answered ", count);
  if (count == 0) return 0;
  std::vector<int32_t> tactics(static_cast<size_t>(count));
  check_result(get(tactics.data(), count), "getValidTactics");
  std::vector<int32_t> sorted = tactics;
  std::sort(sorted.begin(), sorted.end());
  TORCHTRT_CHECK(!std::binary_search(sorted.begin(), sorted.end(), 0) &&
                     std::adjacent_find(sorted.begin(), sorted.end()) == sorted.end(),
                 "the plugin's tactics ", list_of(tactics), " must be different from each other and from 0");
  return tactics.front();
}

std::vector<int64_t> aliases_of(int outputs, const std::function<int32_t(int32_t)>& get) {
  std::vector<int64_t> aliases;
  for (int32_t output = 0; output < outputs; ++output) {
    aliases.push_back(get(output));
    TORCHTRT_CHECK(aliases.back() >= -1, "the plugin failed: its getAliasedInput answered ", aliases.back(),
                   " for output ", output);
  }
  const bool none = std::all_of(aliases.begin(), aliases.end(), [](int64_t input) { return input < 0; });
  return none ? std::vector<int64_t>() : aliases;
}

}  // namespace torchtrt::engine::api

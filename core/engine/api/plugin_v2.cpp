// IPluginV2DynamicExt: the order of calls is that of engine.md 17.4.
#include "core/engine/api/plugin_v2.h"

#include <algorithm>

#include "core/engine/api/plugin_context.h"
#include "core/engine/api/plugin_descs.h"
#include "core/engine/api/twins.h"

namespace torchtrt::engine::api {
namespace {

constexpr uint32_t kPythonBit = 0x40;

class DynamicRun final : public PluginRun {
 public:
  DynamicRun(std::unique_ptr<PluginContext> context, OwnedV2 plugin)
      : context_(std::move(context)), attached_(std::move(plugin), context_->getGpuAllocator()) {}

  int64_t prepare(const PluginTensors& inputs, const PluginTensors& outputs) override {
    inputs_ = descs_of(inputs);
    outputs_ = descs_of(outputs);
    const auto in = fixed_descs_of(inputs), out = fixed_descs_of(outputs);
    const auto n = static_cast<int32_t>(in.size()), m = static_cast<int32_t>(out.size());
    plugin().configurePlugin(in.data(), n, out.data(), m);
    return static_cast<int64_t>(plugin().getWorkspaceSize(inputs_.data(), n, outputs_.data(), m));
  }

  void enqueue(const PluginMemory& memory) override {
    const int32_t result =
        plugin().enqueue(inputs_.data(), outputs_.data(), memory.inputs.data(), memory.outputs.data(), memory.workspace,
                         static_cast<cudaStream_t>(memory.stream));
    TORCHTRT_REQUIRE(kExecution, result == 0, "the plugin failed: its enqueue answered ", result);
  }

 private:
  nv::IPluginV2DynamicExt& plugin() { return static_cast<nv::IPluginV2DynamicExt&>(attached_.plugin_ext()); }

  std::unique_ptr<PluginContext> context_;
  AttachedV2 attached_;
  std::vector<nv::PluginTensorDesc> inputs_, outputs_;
};

class DynamicV2 final : public V2Object {
 public:
  using V2Object::V2Object;

  DimRule shape_rule(const ShapeArgs& in, int) const override {
    ExprBuilder expressions;
    std::vector<nv::DimsExprs> inputs;
    for (int i = 0; i < in.size(); ++i) inputs.push_back(expressions.lengths_of(in, i));
    for (int i = 0; i < output_count(); ++i)
      expressions.add_output(dynamic().getOutputDimensions(i, inputs.data(), in.size(), expressions));
    return expressions.rule();
  }

  PluginChoice configure(const PluginBuild& build) const override;

  std::unique_ptr<PluginRun> attach(void* owner) const override {
    return std::make_unique<DynamicRun>(std::make_unique<PluginContext>(owner), clone());
  }

 private:
  nv::IPluginV2DynamicExt& dynamic() const { return static_cast<nv::IPluginV2DynamicExt&>(ext()); }
  Types find_types(const PluginBuild& build) const;
  void configure_with(const std::vector<nv::DynamicPluginTensorDesc>& descs, size_t inputs) const;
};

Types DynamicV2::find_types(const PluginBuild& build) const {
  const PluginTensors& tensors = build.profiles.front();
  const auto outputs = static_cast<int32_t>(tensors.size() - build.inputs);
  return accepted_types(build, nv::IPluginV2DynamicExt::kFORMAT_COMBINATION_LIMIT,
                        [&](size_t position, const Types& types) {
                          const auto descs = descs_of(at_opt(tensors, types));
                          return dynamic().supportsFormatCombination(static_cast<int32_t>(position), descs.data(),
                                                                     static_cast<int32_t>(build.inputs), outputs);
                        });
}

void DynamicV2::configure_with(const std::vector<nv::DynamicPluginTensorDesc>& descs, size_t inputs) const {
  dynamic().configurePlugin(descs.data(), static_cast<int32_t>(inputs), descs.data() + inputs,
                            static_cast<int32_t>(descs.size() - inputs));
}

// Build form for every profile, execution form at its opt shapes, workspace at its max shapes.
PluginChoice DynamicV2::configure(const PluginBuild& build) const {
  auto made = std::make_shared<DynamicV2>(clone());
  PluginChoice choice;
  choice.types = made->find_types(build);
  for (const PluginTensors& tensors : build.profiles)
    made->configure_with(dynamic_descs_of(tensors, choice.types), build.inputs);
  for (const PluginTensors& tensors : build.profiles)
    made->configure_with(fixed_descs_of(at_opt(tensors, choice.types)), build.inputs);
  for (const PluginTensors& tensors : build.profiles) {
    const auto descs = descs_of(at_max(tensors, choice.types));
    const size_t bytes =
        made->dynamic().getWorkspaceSize(descs.data(), static_cast<int32_t>(build.inputs), descs.data() + build.inputs,
                                         static_cast<int32_t>(descs.size() - build.inputs));
    choice.workspace = std::max(choice.workspace, static_cast<int64_t>(bytes));
  }
  made->initialize();
  choice.data = made->serialized();
  choice.object = made;
  return choice;
}

}  // namespace

PluginGeneration generation_of(const nv::IPluginV2& plugin) {
  const auto version = static_cast<uint32_t>(plugin.getTensorRTVersion()) >> 24 & ~kPythonBit;
  switch (static_cast<nv::PluginVersion>(version)) {
    case nv::PluginVersion::kV2_EXT:
      return PluginGeneration::kV2Ext;
    case nv::PluginVersion::kV2_IOEXT:
      return PluginGeneration::kV2IOExt;
    case nv::PluginVersion::kV2_DYNAMICEXT:
      return PluginGeneration::kV2DynamicExt;
    default:
      TORCHTRT_THROW(kInvalidArgument, "the plugin is of version ", version,
                     "; IPluginV2Ext, IPluginV2IOExt and IPluginV2DynamicExt are possible");
  }
}

Types V2Object::output_types(const Types& in, const std::vector<int>&) const {
  std::vector<nv::DataType> inputs;
  for (const DType type : in) inputs.push_back(theirs(type));
  Types types;
  for (int32_t i = 0; i < output_count(); ++i)
    types.push_back(ours(ext().getOutputDataType(i, inputs.data(), static_cast<int32_t>(inputs.size()))));
  return types;
}

void V2Object::initialize() {
  check_result(plugin_->initialize(), "initialize");
  initialized_ = true;
}

std::string V2Object::serialized() const {
  std::string data(plugin_->getSerializationSize(), '\0');
  plugin_->serialize(data.data());
  return data;
}

OwnedV2 V2Object::clone() const {
  OwnedV2 copy(plugin_->clone());
  TORCHTRT_CHECK(copy, "the plugin failed: its clone answered null");
  return copy;
}

AttachedV2::AttachedV2(OwnedV2 plugin, nv::IGpuAllocator* allocator) : plugin_(std::move(plugin)) {
  plugin_ext().attachToContext(nullptr, nullptr, allocator);  // the engine has no cuDNN or cuBLAS of its own
}

std::shared_ptr<V2Object> make_v2(OwnedV2 plugin) {
  const PluginGeneration generation = generation_of(*plugin);
  if (generation != PluginGeneration::kV2DynamicExt) return make_static_v2(std::move(plugin), generation);
  return std::make_shared<DynamicV2>(std::move(plugin));
}

}  // namespace torchtrt::engine::api

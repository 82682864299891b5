// IPluginV2Ext and IPluginV2IOExt: plugins that are told lengths, not expressions of them.
//
// Networks have explicit batch dimensions, so every dimension is told and the batch size is 1. IPluginV2Ext needs
// lengths that the network fixes; IPluginV2IOExt is asked again where a run knows more of them.
#include <algorithm>

#include "core/engine/api/plugin_context.h"
#include "core/engine/api/plugin_descs.h"
#include "core/engine/api/plugin_v2.h"
#include "core/engine/api/twins.h"

namespace torchtrt::engine::api {
namespace {

constexpr int32_t kBatch = 1;
constexpr int kMostCombinations = nv::IPluginV2DynamicExt::kFORMAT_COMBINATION_LIMIT;

// Lengths at the opt shapes, and types, of some tensors.
struct Facts {
  std::vector<nv::Dims> dims;
  std::vector<nv::DataType> types;

  Facts(const PluginTensors& tensors, size_t first, size_t last) {
    for (size_t i = first; i < last; ++i) {
      dims.push_back(dims_of(tensors[i].shape));
      types.push_back(theirs(tensors[i].dtype));
    }
  }
  int32_t count() const { return static_cast<int32_t>(dims.size()); }
};

void configure_io(nv::IPluginV2Ext& plugin, const PluginTensors& tensors, size_t inputs) {
  const auto descs = descs_of(tensors);
  static_cast<nv::IPluginV2IOExt&>(plugin).configurePlugin(
      descs.data(), static_cast<int32_t>(inputs), descs.data() + inputs, static_cast<int32_t>(descs.size() - inputs));
}

void configure_plain(nv::IPluginV2Ext& plugin, const PluginTensors& tensors, size_t inputs) {
  const Facts in(tensors, 0, inputs), out(tensors, inputs, tensors.size());
  const std::unique_ptr<bool[]> never(new bool[tensors.size()]());  // nothing is broadcast across the batch
  plugin.configurePlugin(in.dims.data(), in.count(), out.dims.data(), out.count(), in.types.data(), out.types.data(),
                         never.get(), never.get(), nv::PluginFormat::kLINEAR, kBatch);
}

class StaticRun final : public PluginRun {
 public:
  StaticRun(std::unique_ptr<PluginContext> context, OwnedV2 plugin, PluginGeneration generation)
      : context_(std::move(context)),
        attached_(std::move(plugin), context_->getGpuAllocator()),
        generation_(generation) {}

  int64_t prepare(const PluginTensors& inputs, const PluginTensors& outputs) override {
    PluginTensors tensors = inputs;
    tensors.insert(tensors.end(), outputs.begin(), outputs.end());
    if (generation_ == PluginGeneration::kV2IOExt) configure_io(attached_.plugin_ext(), tensors, inputs.size());
    return static_cast<int64_t>(base().getWorkspaceSize(kBatch));
  }

  void enqueue(const PluginMemory& memory) override {
    const int32_t result = base().enqueue(kBatch, memory.inputs.data(), memory.outputs.data(), memory.workspace,
                                          static_cast<cudaStream_t>(memory.stream));
    TORCHTRT_REQUIRE(kExecution, result == 0, "the plugin failed: its enqueue answered ", result);
  }

 private:
  nv::IPluginV2& base() { return attached_.plugin_ext(); }

  std::unique_ptr<PluginContext> context_;
  AttachedV2 attached_;
  PluginGeneration generation_;
};

class StaticV2 final : public V2Object {
 public:
  StaticV2(OwnedV2 plugin, PluginGeneration generation) : V2Object(std::move(plugin)), generation_(generation) {}

  bool answers_known_shapes() const override { return true; }

  DimRule shape_rule(const ShapeArgs& in, int) const override {
    std::vector<nv::Dims> inputs;
    for (int i = 0; i < in.size(); ++i) {
      TORCHTRT_CHECK(
          generation_ == PluginGeneration::kV2IOExt || in[i].is_known(), "input ", i, " has shape ", in[i],
          "; lengths that only run time knows need an IPluginV2DynamicExt, an IPluginV2IOExt or an IPluginV3");
      inputs.push_back(dims_of(in[i]));
    }
    DimRule rule;
    for (int32_t i = 0; i < output_count(); ++i) {
      const nv::Dims dims = plugin().getOutputDimensions(i, inputs.data(), in.size());
      TORCHTRT_CHECK(dims.nbDims >= 0 && dims.nbDims <= nv::Dims::MAX_DIMS, "the plugin answers rank ", dims.nbDims,
                     " for output ", i);
      std::vector<DimRule::Term> lengths;
      for (int32_t axis = 0; axis < dims.nbDims; ++axis)
        lengths.push_back(dims.d[axis] < 0 ? rule.unknown() : rule.constant(dims.d[axis]));
      rule.add_output(std::move(lengths));
    }
    return rule;
  }

  PluginChoice configure(const PluginBuild& build) const override;

  std::unique_ptr<PluginRun> attach(void* owner) const override {
    return std::make_unique<StaticRun>(std::make_unique<PluginContext>(owner), clone(), generation_);
  }

 private:
  Types find_types(const PluginBuild& build) const;

  PluginGeneration generation_;
};

// IPluginV2Ext has one precision: that of its first tensor.
Types StaticV2::find_types(const PluginBuild& build) const {
  const PluginTensors& tensors = build.profiles.front();
  return accepted_types(build, kMostCombinations, [&](size_t position, const Types& types) {
    if (generation_ == PluginGeneration::kV2Ext)
      return position > 0 || plugin().supportsFormat(theirs(types[0]), nv::PluginFormat::kLINEAR);
    const auto descs = descs_of(at_opt(tensors, types));
    return static_cast<nv::IPluginV2IOExt&>(ext()).supportsFormatCombination(
        static_cast<int32_t>(position), descs.data(), static_cast<int32_t>(build.inputs),
        static_cast<int32_t>(tensors.size() - build.inputs));
  });
}

PluginChoice StaticV2::configure(const PluginBuild& build) const {
  auto made = std::make_shared<StaticV2>(clone(), generation_);
  PluginChoice choice;
  choice.types = made->find_types(build);
  for (const PluginTensors& profile : build.profiles) {
    const PluginTensors tensors = at_opt(profile, choice.types);
    generation_ == PluginGeneration::kV2IOExt ? configure_io(made->ext(), tensors, build.inputs)
                                              : configure_plain(made->ext(), tensors, build.inputs);
    choice.workspace = static_cast<int64_t>(made->plugin().getWorkspaceSize(kBatch));
  }
  made->initialize();
  choice.data = made->serialized();
  choice.object = made;
  return choice;
}

}  // namespace

std::shared_ptr<V2Object> make_static_v2(OwnedV2 plugin, PluginGeneration generation) {
  return std::make_shared<StaticV2>(std::move(plugin), generation);
}

}  // namespace torchtrt::engine::api

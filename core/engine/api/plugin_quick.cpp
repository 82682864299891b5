// PLUGIN_V3QUICK: build and run through the quick capabilities. Their tactics are not timed: the first one is taken.
#include "core/engine/api/plugin_quick.h"

#include <algorithm>

#include "core/engine/api/plugin_aot.h"
#include "core/engine/api/twins.h"

namespace torchtrt::engine::api {
namespace {

using Type = nv::PluginCapabilityType;

// Row-major strides in elements; of shapes with unknown lengths none are known.
nv::Dims strides_of_row_major(const nv::Dims& dims) {
  nv::Dims strides = dims;
  int64_t step = 1;
  for (int32_t axis = dims.nbDims - 1; axis >= 0; --axis) {
    strides.d[axis] = step;
    step = step < 0 || dims.d[axis] < 0 ? -1 : step * dims.d[axis];
  }
  return strides;
}

std::vector<nv::Dims> strides_of(const std::vector<nv::PluginTensorDesc>& descs) {
  std::vector<nv::Dims> strides;
  for (const nv::PluginTensorDesc& desc : descs) strides.push_back(strides_of_row_major(desc.dims));
  return strides;
}

class QuickRun final : public PluginRun {
 public:
  QuickRun(OwnedV3 plugin, const V3Settings& settings) : plugin_(std::move(plugin)) {
    runtime_ = capability<nv::IPluginV3QuickRuntime>(*plugin_, Type::kRUNTIME, "PLUGIN_V3QUICK_RUNTIME");
    TORCHTRT_CHECK(runtime_, "the plugin's clone has no runtime capability");
    check_result(runtime_->setTactic(settings.tactic), "setTactic");
  }

  int64_t prepare(const PluginTensors& inputs, const PluginTensors& outputs) override {
    inputs_ = descs_of(inputs);
    outputs_ = descs_of(outputs);
    input_strides_ = strides_of(inputs_);
    output_strides_ = strides_of(outputs_);
    return 0;
  }

  void enqueue(const PluginMemory& memory) override {
    const int32_t result =
        runtime_->enqueue(inputs_.data(), outputs_.data(), memory.inputs.data(), memory.outputs.data(),
                          input_strides_.data(), output_strides_.data(), static_cast<int32_t>(inputs_.size()),
                          static_cast<int32_t>(outputs_.size()), static_cast<cudaStream_t>(memory.stream));
    TORCHTRT_REQUIRE(kExecution, result == 0, "the plugin failed: its enqueue answered ", result);
  }

 private:
  OwnedV3 plugin_;
  nv::IPluginV3QuickRuntime* runtime_;
  std::vector<nv::PluginTensorDesc> inputs_, outputs_;
  std::vector<nv::Dims> input_strides_, output_strides_;
};

class Quick final : public QuickObject {
 public:
  Quick(OwnedV3 plugin, const V3Settings& settings)
      : QuickObject(std::move(plugin), "PLUGIN_V3QUICK_BUILD"),
        settings_(settings),
        runtime_(capability<nv::IPluginV3QuickRuntime>(this->plugin(), Type::kRUNTIME, "PLUGIN_V3QUICK_RUNTIME")) {
    TORCHTRT_CHECK(runtime_, "the plugin has no implementation to run in Python (PLUGIN_V3QUICK_RUNTIME)");
  }

  PluginChoice configure(const PluginBuild& build) const override {
    auto made = std::make_shared<Quick>(cloned(plugin()), V3Settings{});
    made->knows_what(*this);
    PluginChoice choice = made->choose(build, [&](int32_t tactic) { return made->runtime_->setTactic(tactic); });
    made->settings_.tactic = static_cast<int32_t>(choice.tactic);
    choice.data = fields_of(made->runtime_->getFieldsToSerialize());
    choice.object = made;
    return choice;
  }

  std::unique_ptr<PluginRun> attach(void*) const override {
    return std::make_unique<QuickRun>(cloned(plugin()), settings_);
  }

 private:
  V3Settings settings_;
  nv::IPluginV3QuickRuntime* runtime_;
};

}  // namespace

QuickObject::QuickObject(OwnedV3 plugin, const char* kind)
    : V3Object(std::move(plugin)), build_(capability<nv::IPluginV3QuickBuild>(this->plugin(), Type::kBUILD, kind)) {}

Types QuickObject::output_types(const Types& in, const std::vector<int>& ranks) const {
  std::vector<nv::DataType> inputs, outputs(static_cast<size_t>(std::max(0, output_count())));
  for (const DType type : in) inputs.push_back(theirs(type));
  const std::vector<int32_t> given(ranks.begin(), ranks.end());
  check_result(build_->getOutputDataTypes(outputs.data(), static_cast<int32_t>(outputs.size()), inputs.data(),
                                          given.data(), static_cast<int32_t>(inputs.size())),
               "getOutputDataTypes");
  Types types;
  for (const nv::DataType type : outputs) types.push_back(ours(type));
  return types;
}

DimRule QuickObject::shape_rule(const ShapeArgs& in, int tensors) const {
  const auto kept = told(ExprBuilder::lasting());
  return v3_shape_rule(*build_, output_count(), in, tensors, expressions());
}

// Combinations are listed by the plugin; of them the first that is all row major and of types that the network allows.
Types QuickObject::find_types(const PluginBuild& build) const {
  const PluginTensors& tensors = build.profiles.front();
  Types network;
  for (const PluginTensor& tensor : tensors) network.push_back(tensor.dtype);
  const auto descs = dynamic_descs_of(tensors, network);
  const auto in = static_cast<int32_t>(build.inputs), out = static_cast<int32_t>(tensors.size() - build.inputs);
  const int32_t count = build_->getNbSupportedFormatCombinations(descs.data(), in, out);
  TORCHTRT_CHECK(count >= 0, "the plugin failed: its getNbSupportedFormatCombinations answered ", count);
  std::vector<nv::PluginTensorDesc> supported(static_cast<size_t>(count) * tensors.size());
  if (count > 0)
    check_result(build_->getSupportedFormatCombinations(descs.data(), in, out, supported.data(), count),
                 "getSupportedFormatCombinations");
  return accepted_types(build, count * static_cast<int>(tensors.size()) * 3, [&](size_t position, const Types& types) {
    for (size_t first = 0; first < supported.size(); first += tensors.size()) {
      bool fits = true;
      for (size_t i = 0; i <= position; ++i)
        fits = fits && supported[first + i].format == nv::TensorFormat::kLINEAR &&
               supported[first + i].type == theirs(types[i]);
      if (fits) return true;
    }
    return false;
  });
}

PluginChoice QuickObject::choose(const PluginBuild& build, const std::function<int32_t(int32_t)>& set_tactic) const {
  TORCHTRT_CHECK(build_, "the plugin's clone has no build capability");
  PluginChoice choice;
  choice.types = find_types(build);
  for (const PluginTensors& tensors : build.profiles) {
    const auto descs = dynamic_descs_of(tensors, choice.types);
    const auto in = static_cast<int32_t>(build.inputs), out = static_cast<int32_t>(descs.size() - build.inputs);
    check_result(build_->configurePlugin(descs.data(), in, descs.data() + build.inputs, out), "configurePlugin");
    const int32_t tactic =
        first_tactic(build_->getNbTactics(), [&](int32_t* to, int32_t n) { return build_->getValidTactics(to, n); });
    check_result(set_tactic(tactic), "setTactic");
    choice.tactic = tactic;
  }
  choice.aliases = aliases_of(output_count(), [&](int32_t output) { return build_->getAliasedInput(output); });
  TORCHTRT_CHECK(choice.aliases.empty() || build.asks_aliases,
                 "the plugin's outputs are aliased to its inputs; set preview feature kALIASED_PLUGIN_IO_10_03");
  return choice;
}

std::shared_ptr<V3Object> make_quick(OwnedV3 plugin, nv::TensorRTPhase phase, const V3Settings& settings) {
  if (is_aot(*plugin)) return make_aot(std::move(plugin));
  auto made = std::make_shared<Quick>(std::move(plugin), settings);
  TORCHTRT_REQUIRE(kInvalidArgument, phase != nv::TensorRTPhase::kBUILD || made->can_build(),
                   "the plugin has no build capability (PLUGIN_V3QUICK_BUILD)");
  return made;
}

}  // namespace torchtrt::engine::api

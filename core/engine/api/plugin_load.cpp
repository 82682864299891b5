// make_plugins: finds a creator by name, version and namespace, and has it make the plugin from the plan's data.
#include "core/engine/api/plugin_load.h"

#include <impl/NvInferPythonPlugin.h>

#include <cstring>

#include "core/engine/api/plugin_aot.h"
#include "core/engine/api/plugin_fields.h"
#include "core/engine/api/plugin_v2.h"
#include "core/engine/api/plugin_v3.h"

namespace torchtrt::engine::api {
namespace {

// The creator where it is of that kind; null where it is another.
template <class Creator>
Creator* creator_of(nv::IPluginCreatorInterface& creator, const char* kind) {
  return std::strcmp(creator.getInterfaceInfo().kind, kind) == 0 ? static_cast<Creator*>(&creator) : nullptr;
}

std::shared_ptr<PluginObject> load_v2(nv::IPluginCreatorInterface& creator, const std::string& layer,
                                      const PluginLayer& op) {
  auto* v1 = creator_of<nv::IPluginCreator>(creator, "PLUGIN CREATOR_V1");
  TORCHTRT_REQUIRE(kInvalidState, v1, "its creator makes plugins of another generation");
  OwnedV2 made(v1->deserializePlugin(layer.c_str(), op.data.data(), op.data.size()));
  TORCHTRT_REQUIRE(kInvalidState, made, "its creator failed: deserializePlugin answered null for ", op.data.size(),
                   " bytes");
  TORCHTRT_REQUIRE(kInvalidState, generation_of(*made) == op.generation,
                   "its creator made a plugin of another generation than the one that was built");
  auto object = make_v2(std::move(made));
  object->initialize();
  return object;
}

std::shared_ptr<PluginObject> load_v3(nv::IPluginCreatorInterface& creator, const std::string& layer,
                                      const PluginLayer& op) {
  const FieldList fields(op.data);
  OwnedV3 made;
  // A creator of quick plugins makes all of Python's, and takes the name for that of the plugin.
  if (auto* one = creator_of<nv::IPluginCreatorV3One>(creator, "PLUGIN CREATOR_V3ONE"))
    made.reset(one->createPlugin(layer.c_str(), &fields.collection(), nv::TensorRTPhase::kRUNTIME));
  else if (auto* quick = creator_of<nv::IPluginCreatorV3Quick>(creator, "PLUGIN CREATOR_V3QUICK"))
    made.reset(quick->createPlugin(op.plugin_name.c_str(), op.name_space.c_str(), &fields.collection(),
                                   nv::TensorRTPhase::kRUNTIME, nv::QuickPluginCreationRequest::kPREFER_JIT));
  else
    TORCHTRT_THROW(kInvalidState, "its creator makes plugins of another generation");
  TORCHTRT_REQUIRE(kInvalidState, made, "its creator failed: createPlugin answered null for ",
                   fields.collection().nbFields, " fields");
  TORCHTRT_REQUIRE(kInvalidState, is_quick(*made) == (op.generation == PluginGeneration::kV3Quick),
                   "its creator made a plugin of another generation than the one that was built");
  return make_v3(std::move(made), nv::TensorRTPhase::kRUNTIME, op);
}

std::shared_ptr<PluginObject> load(nv::IPluginRegistry& registry, const std::string& layer, const PluginLayer& op) {
  if (op.generation == PluginGeneration::kV3Aot) return load_aot(op.data);  // the plan holds all that it takes
  nv::IPluginCreatorInterface* creator =
      registry.getCreator(op.plugin_name.c_str(), op.version.c_str(), op.name_space.c_str());
  TORCHTRT_REQUIRE(kInvalidState, creator,
                   "no creator of this name, version and namespace is registered; register it, or load the library "
                   "that has it, before the plan is deserialized");
  return op.generation < PluginGeneration::kV3 ? load_v2(*creator, layer, op) : load_v3(*creator, layer, op);
}

void make_in(const Graph& graph, nv::IPluginRegistry& registry) {
  for (const Node& node : graph.nodes()) {
    if (!node.layer) continue;
    for (const Field& field : node.layer->fields())
      if (const auto* body = std::get_if<GraphRef>(&field.value); body && *body) make_in(**body, registry);
    const PluginLayer* op = as_plugin(*node.layer);
    if (!op || op->slot->object) continue;
    try {
      op->slot->object = load(registry, node.name, *op);
    } catch (const Error& error) {
      throw Error(error.kind(), join("layer \"", node.name, "\" needs ", op->title(), ": ", error.what()));
    }
  }
}

}  // namespace

void make_plugins(const Plan& plan, nv::IPluginRegistry& registry) { make_in(plan.graph, registry); }

}  // namespace torchtrt::engine::api

// Network: plugin layers. The network keeps clones; the caller's objects stay the caller's.
#include "core/engine/api/network.h"
#include "core/engine/api/plugins.h"
#include "core/engine/api/shells/plugins.h"

namespace torchtrt::engine::api {
namespace {

// Errors of plugins tell which one it was.
template <class Body>
auto with_title(const std::string& title, Body&& body) {
  try {
    return body();
  } catch (const Error& error) {
    throw Error(error.kind(), join(title, ": ", error.what()));
  }
}

void check_list(nv::ITensor* const* tensors, int32_t count, const char* what) {
  TORCHTRT_REQUIRE(kInvalidArgument, count >= 0 && (count == 0 || tensors), count, ' ', what, " at address null");
  for (int32_t i = 0; i < count; ++i) TORCHTRT_REQUIRE(kInvalidArgument, tensors[i], what, ' ', i, " is null");
}

std::string text_of(const char* text) { return text ? text : ""; }

}  // namespace

nv::IPluginV2Layer* Network::addPluginV2(nv::ITensor* const* inputs, int32_t count, nv::IPluginV2& plugin) noexcept {
  return report_.guard("INetworkDefinition::addPluginV2", static_cast<nv::IPluginV2Layer*>(nullptr), [&] {
    check_list(inputs, count, "inputs");
    return with_title(describe(plugin), [&] {
      PluginV2 op;
      op.generation = generation_of(plugin);
      op.tensors = count;
      std::vector<ValueId> ids;
      for (int32_t i = 0; i < count; ++i) {
        ids.push_back(id_of(*inputs[i]));
        op.ranks.push_back(rank_of(*inputs[i]));
      }
      OwnedV2 copy(plugin.clone());
      TORCHTRT_REQUIRE(kInvalidArgument, copy, "the plugin cannot be cloned: its clone answered null");
      op.plugin_name = text_of(copy->getPluginType());
      op.version = text_of(copy->getPluginVersion());
      op.name_space = text_of(copy->getPluginNamespace());
      op.slot->object = make_v2(std::move(copy));
      return keep<PluginV2Shell>(std::move(op), std::move(ids));
    });
  });
}

nv::IPluginV3Layer* Network::addPluginV3(nv::ITensor* const* inputs, int32_t count, nv::ITensor* const* shape_inputs,
                                         int32_t shape_count, nv::IPluginV3& plugin) noexcept {
  return report_.guard("INetworkDefinition::addPluginV3", static_cast<nv::IPluginV3Layer*>(nullptr), [&] {
    check_list(inputs, count, "inputs");
    check_list(shape_inputs, shape_count, "shape inputs");
    return with_title(describe(plugin), [&] {
      PluginV3 op;
      op.generation = generation_of(plugin);
      op.tensors = count;
      std::vector<ValueId> ids;
      for (int32_t i = 0; i < count + shape_count; ++i) {
        const nv::ITensor& tensor = i < count ? *inputs[i] : *shape_inputs[i - count];
        ids.push_back(id_of(tensor));
        op.ranks.push_back(rank_of(tensor));
      }
      const PluginName name = name_of(plugin);
      op.plugin_name = name.name;
      op.version = name.version;
      op.name_space = name.name_space;
      op.slot->object = make_v3(cloned(plugin), nv::TensorRTPhase::kBUILD, op);
      return keep<PluginV3Shell>(std::move(op), std::move(ids));
    });
  });
}

}  // namespace torchtrt::engine::api

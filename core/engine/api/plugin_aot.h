// PLUGIN_V3QUICKAOT: plugins whose implementation is a CUDA kernel, compiled when the engine is built.
//
// The plan holds the kernel and how to launch it, so that running it takes neither Python nor a creator.
#pragma once

#include "core/engine/api/plugin_quick.h"

namespace torchtrt::engine::api {

bool is_aot(nv::IPluginV3& plugin);

// Takes over the plugin. Throws kUnsupported where the engine does not run on CUDA.
std::shared_ptr<V3Object> make_aot(OwnedV3 plugin);

// From PluginLayer::data. Throws kUnsupported where the engine does not run on CUDA.
std::shared_ptr<PluginObject> load_aot(const std::string& data);

}  // namespace torchtrt::engine::api

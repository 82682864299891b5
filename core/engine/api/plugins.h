// Names of plugins, for messages.
#pragma once

#include <NvInferRuntime.h>

#include <string>

namespace torchtrt::engine::api {

// "PluginV2 (Name, version 1)"
std::string describe(const nvinfer1::IPluginV2& plugin);
std::string describe(nvinfer1::IPluginV3& plugin);

}  // namespace torchtrt::engine::api

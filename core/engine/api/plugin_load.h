// make_plugins: the plugins of a plan that was read, made by their creators.
#pragma once

#include <NvInferRuntime.h>

#include "core/engine/plan/plan.h"

namespace torchtrt::engine::api {

// Throws naming layer, plugin, version and namespace where a creator is missing or fails.
void make_plugins(const Plan& plan, nvinfer1::IPluginRegistry& registry);

}  // namespace torchtrt::engine::api

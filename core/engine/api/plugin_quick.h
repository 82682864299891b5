// PLUGIN_V3QUICK: plugins declared by decorators in Python, whose implementation runs in Python.
#pragma once

#include <impl/NvInferPythonPlugin.h>

#include "core/engine/api/plugin_v3.h"

namespace torchtrt::engine::api {

// Takes over the plugin. Throws where it lacks a capability that the phase needs.
std::shared_ptr<V3Object> make_quick(OwnedV3 plugin, nv::TensorRTPhase phase, const V3Settings& settings);

}  // namespace torchtrt::engine::api

// Text about the layers of a plan, as inspectors answer it (engine.md 14).
#pragma once

#include <NvInferRuntime.h>

#include <string>

#include "core/engine/plan/plan.h"

namespace torchtrt::engine::api {

class ExecutionContext;

// How much is told depends on plan.verbosity. `context` (or null) gives the lengths that are set, and the operators
// that its runs called.
std::string layer_text(const Plan& plan, NodeId layer, const ExecutionContext* context,
                       nvinfer1::LayerInformationFormat format);
std::string engine_text(const Plan& plan, const ExecutionContext* context, nvinfer1::LayerInformationFormat format);

}  // namespace torchtrt::engine::api

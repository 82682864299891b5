// The place of refit: exchanging the weights of an engine. Not built yet; creating a refitter says so.
#pragma once

#include <NvInferRuntime.h>

namespace torchtrt::engine::api {

class CudaEngine;

// Null after an error to the logger: the engine was not built refittable, or refit is not there.
nvinfer1::IRefitter* make_refitter(const CudaEngine& engine, nvinfer1::ILogger* logger);

}  // namespace torchtrt::engine::api

// The way to the objects of NvInfer.h: builder, runtime and refitter of whichever library is the provider.
//
// The caller owns what it gets (delete, or std::unique_ptr). Each throws kExecution where the library returns nothing;
// the library's own reason went to `logger`, which has to outlive the object.
#pragma once

#include <NvInfer.h>

#include "core/provider/library.h"

namespace torchtrt::provider {

nvinfer1::IBuilder* create_builder(nvinfer1::ILogger& logger);
nvinfer1::IRuntime* create_runtime(nvinfer1::ILogger& logger);
nvinfer1::IRefitter* create_refitter(nvinfer1::ICudaEngine& engine, nvinfer1::ILogger& logger);

}  // namespace torchtrt::provider

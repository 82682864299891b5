// Calls of the exported factories. They are given the library's own version: what its own users pass.
#include "core/provider/provider.h"

#include "core/util/error.h"

namespace torchtrt::provider {
namespace {

template <class Result, class... Args>
Result* create(const char* factory, const char* noun, Args... args) {
  using Factory = void* (*)(Args..., int32_t);
  void* made = reinterpret_cast<Factory>(symbol(factory))(args..., library_version());
  TORCHTRT_REQUIRE(kExecution, made, info().path, " made no ", noun, "; its reason is in the log above");
  return static_cast<Result*>(made);
}

}  // namespace

nvinfer1::IBuilder* create_builder(nvinfer1::ILogger& logger) {
  return create<nvinfer1::IBuilder>("createInferBuilder_INTERNAL", "builder", static_cast<void*>(&logger));
}

nvinfer1::IRuntime* create_runtime(nvinfer1::ILogger& logger) {
  return create<nvinfer1::IRuntime>("createInferRuntime_INTERNAL", "runtime", static_cast<void*>(&logger));
}

nvinfer1::IRefitter* create_refitter(nvinfer1::ICudaEngine& engine, nvinfer1::ILogger& logger) {
  return create<nvinfer1::IRefitter>("createInferRefitter_INTERNAL", "refitter", static_cast<void*>(&engine),
                                     static_cast<void*>(&logger));
}

}  // namespace torchtrt::provider

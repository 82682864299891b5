// The exported functions of libnvinfer: versions, factories, registries. Everything else of the library is hidden.
#include <NvInfer.h>

#include <cstring>
#include <filesystem>
#include <system_error>

#include "core/engine/api/builder.h"
#include "core/engine/api/engine.h"
#include "core/engine/api/refitter.h"
#include "core/engine/api/registry.h"
#include "core/engine/api/runtime.h"

#define TORCHTRT_EXPORT extern "C" __attribute__((visibility("default")))

namespace {

namespace nv = nvinfer1;
using namespace torchtrt::engine::api;

// Callers of one major version are served whatever their minor version is: classes only ever grew at their end.
template <class R, class Make>
R* create(const char* function, void* logger, int32_t version, Make&& make) noexcept {
  auto* sink = static_cast<nv::ILogger*>(logger);
  if (!sink) return nullptr;
  const Report report(sink);
  return report.guard(function, static_cast<R*>(nullptr), [&] {
    TORCHTRT_REQUIRE(kInvalidArgument, version / 10000 == NV_TENSORRT_MAJOR, "the caller was made for TensorRT ",
                     version / 10000, ", this library is version ", NV_TENSORRT_MAJOR);
    return make(sink);
  });
}

}  // namespace

TORCHTRT_EXPORT int32_t getInferLibVersion() noexcept { return static_cast<int32_t>(NV_TENSORRT_VERSION); }
TORCHTRT_EXPORT int32_t getInferLibMajorVersion() noexcept { return NV_TENSORRT_MAJOR; }
TORCHTRT_EXPORT int32_t getInferLibMinorVersion() noexcept { return NV_TENSORRT_MINOR; }
TORCHTRT_EXPORT int32_t getInferLibPatchVersion() noexcept { return NV_TENSORRT_PATCH; }
TORCHTRT_EXPORT int32_t getInferLibBuildVersion() noexcept { return NV_TENSORRT_BUILD; }

TORCHTRT_EXPORT void* createInferBuilder_INTERNAL(void* logger, int32_t version) noexcept {
  return create<nv::IBuilder>("createInferBuilder", logger, version, [](auto* sink) { return new Builder(sink); });
}

TORCHTRT_EXPORT void* createInferRuntime_INTERNAL(void* logger, int32_t version) noexcept {
  return create<nv::IRuntime>("createInferRuntime", logger, version, [](auto* sink) { return new Runtime(sink); });
}

TORCHTRT_EXPORT void* createInferRefitter_INTERNAL(void* engine, void* logger, int32_t version) noexcept {
  return create<nv::IRefitter>("createInferRefitter", logger, version, [&](auto* sink) {
    TORCHTRT_REQUIRE(kInvalidArgument, engine, "the engine is null");
    return make_refitter(static_cast<CudaEngine&>(*static_cast<nv::ICudaEngine*>(engine)), sink);
  });
}

TORCHTRT_EXPORT nv::IPluginRegistry* getPluginRegistry() noexcept { return &global_registry(); }

TORCHTRT_EXPORT nv::ILogger* getLogger() noexcept { return process_logger(); }

namespace nvinfer1 {

TORCHTRT_EXPORT IPluginRegistry* getBuilderPluginRegistry(EngineCapability capability) noexcept {
  return capability == EngineCapability::kSTANDARD ? &torchtrt::engine::api::global_registry() : nullptr;
}

TORCHTRT_EXPORT safe::IPluginRegistry* getBuilderSafePluginRegistry(EngineCapability) noexcept { return nullptr; }

// The embedded engine loads no libraries of its own, so a folder is as good as the default, which the empty path
// restores.
TORCHTRT_EXPORT bool setInternalLibraryPath(const AsciiChar* path) noexcept {
  std::error_code failed;
  return path && (std::strlen(path) == 0 || std::filesystem::is_directory(path, failed));
}

}  // namespace nvinfer1

// The place of refit. A refitter will make a new plan with other weights and hand it to the engine's contexts.
#include "core/engine/api/refitter.h"

#include "core/engine/api/engine.h"

namespace torchtrt::engine::api {

nvinfer1::IRefitter* make_refitter(const CudaEngine& engine, nvinfer1::ILogger* logger) {
  const char* text = engine.isRefittable()
                         ? "refit is not built into the embedded engine yet; build a new engine with the new weights"
                         : "the engine is not refittable; build it with builder flag kREFIT";
  const Report report(logger);
  report.error("createInferRefitter", nvinfer1::ErrorCode::kUNSUPPORTED_STATE, text);
  if (engine.getErrorRecorder()) engine.getErrorRecorder()->reportError(nvinfer1::ErrorCode::kUNSUPPORTED_STATE, text);
  return nullptr;
}

}  // namespace torchtrt::engine::api

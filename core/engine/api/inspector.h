// EngineInspector: the layers of an engine as text, one line each or JSON.
#pragma once

#include <NvInferRuntime.h>

#include <string>

#include "core/engine/api/engine.h"

namespace torchtrt::engine::api {

class ExecutionContext;

class EngineInspector final : public nv::IEngineInspector, public nv::apiv::VEngineInspector {
 public:
  explicit EngineInspector(const CudaEngine& engine) : engine_(engine), report_(engine.report()) { mImpl = this; }

  nv::IEngineInspector* getPImpl() noexcept override { return this; }
  bool setExecutionContext(const nv::IExecutionContext* context) noexcept override;
  const nv::IExecutionContext* getExecutionContext() const noexcept override { return context_; }
  const char* getLayerInformation(int32_t index, nv::LayerInformationFormat format) const noexcept override;
  const char* getEngineInformation(nv::LayerInformationFormat format) const noexcept override;
  void setErrorRecorder(nv::IErrorRecorder* recorder) noexcept override { report_.set_recorder(recorder); }
  nv::IErrorRecorder* getErrorRecorder() const noexcept override { return report_.recorder(); }

 private:
  const CudaEngine& engine_;
  Report report_;
  const ExecutionContext* ours() const;

  const nv::IExecutionContext* context_ = nullptr;
  mutable std::string text_;  // as last returned
};

}  // namespace torchtrt::engine::api

// Runtime: makes engines from plans.
#pragma once

#include <NvInferRuntime.h>

#include <string>

#include "core/engine/api/majors.h"
#include "core/engine/api/registry.h"
#include "core/engine/api/report.h"
#include "core/util/error.h"

namespace torchtrt::engine::api {

class Runtime final : public nv::IRuntime, public nv::apiv::VRuntime {
 public:
  explicit Runtime(nv::ILogger* logger) : report_(logger), registry_(&global_registry(), logger) { mImpl = this; }

  nv::IRuntime* getPImpl() noexcept override { return this; }
  nv::ICudaEngine* deserializeCudaEngine(const void* blob, std::size_t size) noexcept override;
  nv::ICudaEngine* deserializeCudaEngine(nv::IStreamReader& reader) noexcept TORCHTRT_OVERRIDE_10;
  nv::ICudaEngine* deserializeCudaEngineV2(nv::IStreamReaderV2& reader) noexcept override;
  void setDLACore(int32_t core) noexcept override { dla_core_ = core; }
  int32_t getDLACore() const noexcept override { return dla_core_; }
  int32_t getNbDLACores() const noexcept override { return 0; }
  // Of engines to come: their contexts take device memory from it (see ExecutionContext::allocate_memory).
  void setGpuAllocator(nv::IGpuAllocator* allocator) noexcept override { gpu_allocator_ = allocator; }
  void setErrorRecorder(nv::IErrorRecorder* recorder) noexcept override { report_.set_recorder(recorder); }
  nv::IErrorRecorder* getErrorRecorder() const noexcept override { return report_.recorder(); }
  nv::ILogger* getLogger() const noexcept override { return report_.logger(); }
  bool setMaxThreads(int32_t threads) noexcept override;
  int32_t getMaxThreads() const noexcept override { return threads_; }
  void setTemporaryDirectory(const char* path) noexcept override;
  const char* getTemporaryDirectory() const noexcept override { return directory_.c_str(); }
  void setTempfileControlFlags(nv::TempfileControlFlags flags) noexcept override;
  nv::TempfileControlFlags getTempfileControlFlags() const noexcept override { return tempfiles_; }
  nv::IPluginRegistry& getPluginRegistry() noexcept override { return registry_; }
  void setPluginRegistryParent(nv::IPluginRegistry* parent) noexcept override { registry_.set_parent(parent); }
  nv::IRuntime* loadRuntime(const char* path) noexcept override;
  void setEngineHostCodeAllowed(bool allowed) noexcept override { host_code_ = allowed; }
  bool getEngineHostCodeAllowed() const noexcept override { return host_code_; }
#if TORCHTRT_TENSORRT_MAJOR > 10
  bool setDLAWorkspaceAllocationStrategy(nv::DLAWorkspaceAllocationStrategy strategy) noexcept override {
    return report_.attempt("IRuntime::setDLAWorkspaceAllocationStrategy", [&] {
      const int number = static_cast<int>(strategy);
      TORCHTRT_REQUIRE(kInvalidArgument, number >= 0 && number < nv::EnumMax<nv::DLAWorkspaceAllocationStrategy>(),
                       "DLAWorkspaceAllocationStrategy ", number, " does not exist");
      dla_workspace_ = strategy;
    });
  }
  nv::DLAWorkspaceAllocationStrategy getDLAWorkspaceAllocationStrategy() const noexcept override {
    return dla_workspace_;
  }
#endif

 private:
  template <class Read>
  nv::ICudaEngine* from_stream(Read&& read) noexcept;
  nv::ICudaEngine* load(const void* blob, std::size_t size);

  Report report_;
  PluginRegistry registry_;
  int32_t dla_core_ = -1;
  int32_t threads_ = 1;
  nv::IGpuAllocator* gpu_allocator_ = nullptr;
  std::string directory_;
  nv::TempfileControlFlags tempfiles_ = (1u << nv::EnumMax<nv::TempfileControlFlag>()) - 1;
#if TORCHTRT_TENSORRT_MAJOR > 10
  nv::DLAWorkspaceAllocationStrategy dla_workspace_ = nv::DLAWorkspaceAllocationStrategy::kDEFAULT;
#endif
  bool host_code_ = false;  // plans may bring libraries of plugins
};

}  // namespace torchtrt::engine::api

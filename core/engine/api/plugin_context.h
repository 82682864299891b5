// PluginContext: what an attached plugin may use of its execution context.
#pragma once

#include <NvInferRuntime.h>

namespace torchtrt::engine::api {

namespace nv = nvinfer1;

// Memory from the framework's allocator, on the engine's device.
class FrameworkAllocator final : public nv::IGpuAllocator {
 public:
  void* allocate(uint64_t size, uint64_t alignment, nv::AllocatorFlags flags) noexcept override;
  bool deallocate(void* memory) noexcept override;
};

class PluginContext final : public nv::IPluginResourceContext {
 public:
  // `owner`: the nv::IExecutionContext that is being made, or null.
  explicit PluginContext(void* owner) : owner_(static_cast<nv::IExecutionContext*>(owner)) {}
  // What the user gave the context for temporary storage, or the framework's.
  nv::IGpuAllocator* getGpuAllocator() const noexcept override;
  nv::IErrorRecorder* getErrorRecorder() const noexcept override {
    return owner_ ? owner_->getErrorRecorder() : nullptr;
  }

 private:
  nv::IExecutionContext* owner_;
  mutable FrameworkAllocator allocator_;
};

}  // namespace torchtrt::engine::api

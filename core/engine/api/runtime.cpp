// Runtime: plans from memory and from streams.
#include "core/engine/api/runtime.h"

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <new>
#include <span>

#include "core/engine/api/engine.h"
#include "core/engine/api/plugin_carry.h"
#include "core/engine/api/plugin_load.h"
#include "core/engine/file/plan_file.h"

namespace torchtrt::engine::api {
namespace {

constexpr int64_t kChunk = int64_t{1} << 20;

// Bytes that come in chunks. Memory is neither cleared nor, where the system can move pages, copied when it grows.
class Buffer {
 public:
  Buffer() = default;
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  ~Buffer() { std::free(data_); }

  const std::byte* data() const { return data_; }
  size_t size() const { return size_; }
  // Room for a chunk behind what there is.
  std::byte* room() {
    if (size_ + kChunk > capacity_) {
      const size_t wanted = std::max<size_t>(2 * capacity_, size_ + kChunk);
      void* grown = std::realloc(data_, wanted);
      if (!grown) throw std::bad_alloc();
      data_ = static_cast<std::byte*>(grown);
      capacity_ = wanted;
    }
    return data_ + size_;
  }
  void add(size_t bytes) { size_ += bytes; }

 private:
  std::byte* data_ = nullptr;
  size_t size_ = 0, capacity_ = 0;
};

}  // namespace

nv::ICudaEngine* Runtime::load(const void* blob, std::size_t size) {
  TORCHTRT_REQUIRE(kInvalidArgument, blob && size > 0, "the plan is empty: ", size, " bytes at address ", blob);
  CarriedLibraries libraries;
  auto plan = read_plan({static_cast<const std::byte*>(blob), size}, &libraries);
  TORCHTRT_REQUIRE(kInvalidState, libraries.empty() || host_code_, "the plan brings ", libraries.size(),
                   " libraries of plugins, whose code would run in this process; if its origin is to be trusted, allow "
                   "it with IRuntime::setEngineHostCodeAllowed");
  load_carried(libraries, {tempfiles_, directory_}, registry_);
  make_plugins(*plan, registry_);
  auto engine = std::make_unique<CudaEngine>(report_, LoadedPlan::load(std::move(plan)));
  engine->carry(std::move(libraries));
  engine->set_gpu_allocator(gpu_allocator_);
  return engine.release();
}

nv::ICudaEngine* Runtime::deserializeCudaEngine(const void* blob, std::size_t size) noexcept {
  return report_.guard("IRuntime::deserializeCudaEngine", static_cast<nv::ICudaEngine*>(nullptr),
                       [&] { return load(blob, size); });
}

// `read(destination, bytes)` answers how many bytes came, 0 at the end, a negative number after an error.
template <class Read>
nv::ICudaEngine* Runtime::from_stream(Read&& read) noexcept {
  return report_.guard("IRuntime::deserializeCudaEngine", static_cast<nv::ICudaEngine*>(nullptr), [&] {
    Buffer bytes;
    for (;;) {
      const int64_t came = read(bytes.room(), kChunk);
      TORCHTRT_REQUIRE(kInvalidArgument, came >= 0 && came <= kChunk, "the stream reader answered ", came);
      if (came == 0) return load(bytes.data(), bytes.size());
      bytes.add(static_cast<size_t>(came));
    }
  });
}

nv::ICudaEngine* Runtime::deserializeCudaEngine(nv::IStreamReader& reader) noexcept {
  return from_stream([&](std::byte* destination, int64_t bytes) { return reader.read(destination, bytes); });
}

nv::ICudaEngine* Runtime::deserializeCudaEngineV2(nv::IStreamReaderV2& reader) noexcept {
  return from_stream([&](std::byte* destination, int64_t bytes) { return reader.read(destination, bytes, nullptr); });
}

bool Runtime::setMaxThreads(int32_t threads) noexcept {
  return report_.attempt("IRuntime::setMaxThreads", [&] {
    TORCHTRT_REQUIRE(kInvalidArgument, threads >= 1, threads, " threads, expected at least 1");
    threads_ = threads;
  });
}

void Runtime::setTemporaryDirectory(const char* path) noexcept {
  report_.attempt("IRuntime::setTemporaryDirectory", [&] { directory_ = path ? path : ""; });
}

void Runtime::setTempfileControlFlags(nv::TempfileControlFlags flags) noexcept {
  report_.attempt("IRuntime::setTempfileControlFlags", [&] {
    TORCHTRT_REQUIRE(kInvalidArgument, (flags >> nv::EnumMax<nv::TempfileControlFlag>()) == 0, "mask ", flags,
                     " has bits of no TempfileControlFlag");
    tempfiles_ = flags;
  });
}

nv::IRuntime* Runtime::loadRuntime(const char* path) noexcept {
  report_.error("IRuntime::loadRuntime", nv::ErrorCode::kUNSUPPORTED_STATE,
                join("lean runtimes (", path ? path : "null", ") are not for the embedded engine"));
  return nullptr;
}

}  // namespace torchtrt::engine::api

// CudaKernel: the few functions of the driver that it takes.
#include "core/engine/exec/cuda_kernel.h"

#include <dlfcn.h>

#include <algorithm>
#include <mutex>

#include "core/engine/exec/device.h"
#include "core/util/error.h"

namespace torchtrt::engine {
namespace {

constexpr int kMaxDynamicShared = 8;     // CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES
constexpr int kMultiprocessors = 16;     // CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT
constexpr int kMajor = 75, kMinor = 76;  // CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR, _MINOR
constexpr int64_t kSharedWithoutAsking = 48 * 1024;

using Result = int;

struct Driver {
  Result (*load)(void** module, const void* image) = nullptr;
  Result (*unload)(void* module) = nullptr;
  Result (*function)(void** function, void* module, const char* name) = nullptr;
  Result (*set_attribute)(void* function, int attribute, int value) = nullptr;
  Result (*launch)(void* function, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by, unsigned bz,
                   unsigned shared, void* stream, void** arguments, void** extra) = nullptr;
  Result (*error_text)(Result error, const char** text) = nullptr;
  Result (*init)(unsigned flags) = nullptr;
  Result (*device)(int* device, int ordinal) = nullptr;
  Result (*attribute)(int* value, int attribute, int device) = nullptr;
  Result (*primary_context)(void** context, int device) = nullptr;
  Result (*current_context)(void** context) = nullptr;
  Result (*set_context)(void* context) = nullptr;
  Result (*is_capturing)(void* stream, int* status) = nullptr;
};

template <class Function>
void find(void* library, const char* name, Function& function) {
  function = reinterpret_cast<Function>(dlsym(library, name));
  TORCHTRT_REQUIRE(kExecution, function, "the CUDA driver has no function ", name);
}

const Driver& driver() {
  static const Driver found = [] {
    void* library = dlopen("libcuda.so.1", RTLD_NOW);
    TORCHTRT_REQUIRE(kExecution, library, "the CUDA driver cannot be loaded: ", dlerror());
    Driver made;
    find(library, "cuModuleLoadData", made.load);
    find(library, "cuModuleUnload", made.unload);
    find(library, "cuModuleGetFunction", made.function);
    find(library, "cuFuncSetAttribute", made.set_attribute);
    find(library, "cuLaunchKernel", made.launch);
    find(library, "cuGetErrorString", made.error_text);
    find(library, "cuInit", made.init);
    find(library, "cuDeviceGet", made.device);
    find(library, "cuDeviceGetAttribute", made.attribute);
    find(library, "cuDevicePrimaryCtxRetain", made.primary_context);
    find(library, "cuCtxGetCurrent", made.current_context);
    find(library, "cuCtxSetCurrent", made.set_context);
    find(library, "cuStreamIsCapturing", made.is_capturing);
    made.init(0);
    return made;
  }();
  return found;
}

void check(Result result, const char* what) {
  if (result == 0) return;
  const char* text = nullptr;
  driver().error_text(result, &text);
  TORCHTRT_THROW(kExecution, what, ": ", text ? text : "unknown error", " (CUDA driver error ", result, ")");
}

unsigned checked(int64_t number, int64_t least) {
  TORCHTRT_REQUIRE(kExecution, number >= least && number <= UINT32_MAX, "a kernel cannot be launched with ", number,
                   " as a size of its grid, block or shared memory");
  return static_cast<unsigned>(number);
}

int attribute_of(int device, int attribute) {
  int handle = 0, value = 0;
  check(driver().device(&handle, device), "a CUDA device is not there");
  check(driver().attribute(&value, attribute, handle), "a CUDA device does not tell its properties");
  return value;
}

// Kept for the life of the process, as torch does.
void* primary_context(int device) {
  static std::mutex mutex;
  static std::vector<void*> contexts;
  const std::lock_guard lock(mutex);
  const auto index = static_cast<size_t>(device);
  if (contexts.size() <= index) contexts.resize(index + 1, nullptr);
  if (!contexts[index]) {
    int handle = 0;
    check(driver().device(&handle, device), "a CUDA device is not there");
    check(driver().primary_context(&contexts[index], handle), "a CUDA device has no context");
  }
  return contexts[index];
}

}  // namespace

void make_context_current(int device) {
  void *wanted = primary_context(device), *present = nullptr;
  check(driver().current_context(&present), "the thread's CUDA context is not known");
  if (present != wanted) check(driver().set_context(wanted), "a CUDA context cannot be made current");
}

int architecture_of(int device) { return attribute_of(device, kMajor) * 10 + attribute_of(device, kMinor); }

int multiprocessor_count(int device) { return attribute_of(device, kMultiprocessors); }

// The default stream answers with an error while another one is captured that would wait for it.
bool is_stream_captured(void* stream) {
  int status = 0;
  return driver().is_capturing(stream, &status) != 0 || status != 0;
}

CudaKernel::CudaKernel(const std::string& code, const std::string& name) : device_(engine_device().index()) {
  make_context_current(device_);
  check(driver().load(&module_, code.c_str()), "a compiled kernel cannot be loaded");
  if (const Result result = driver().function(&function_, module_, name.c_str())) {
    driver().unload(module_);
    check(result, join("the compiled code has no kernel ", name).c_str());
  }
}

CudaKernel::~CudaKernel() {
  try {
    make_context_current(device_);
    driver().unload(module_);
  } catch (const Error&) {  // the driver is gone
  }
}

// A grid without blocks has nothing to do: an empty tensor.
void CudaKernel::launch(const std::array<int64_t, 7>& shape, std::vector<void*>& arguments, void* stream) const {
  if (std::any_of(shape.begin(), shape.begin() + 3, [](int64_t length) { return length == 0; })) return;
  make_context_current(device_);
  if (shape[6] > kSharedWithoutAsking)
    check(driver().set_attribute(function_, kMaxDynamicShared, static_cast<int>(checked(shape[6], 0))),
          "a compiled kernel cannot have its shared memory");
  check(driver().launch(function_, checked(shape[0], 1), checked(shape[1], 1), checked(shape[2], 1),
                        checked(shape[3], 1), checked(shape[4], 1), checked(shape[5], 1), checked(shape[6], 0), stream,
                        arguments.data(), nullptr),
        "a compiled kernel cannot be launched");
}

}  // namespace torchtrt::engine

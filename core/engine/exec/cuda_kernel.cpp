// CudaKernel: the few functions of the driver that it takes.
#include "core/engine/exec/cuda_kernel.h"

#include <dlfcn.h>

#include <algorithm>

#include "core/engine/exec/wait.h"
#include "core/util/error.h"

namespace torchtrt::engine {
namespace {

constexpr int kMaxDynamicShared = 8;  // CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES
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

}  // namespace

CudaKernel::CudaKernel(const std::string& code, const std::string& name) {
  wait_for_device();  // gives the thread the device's context, which the driver asks for
  check(driver().load(&module_, code.c_str()), "the plugin's kernel cannot be loaded");
  if (const Result result = driver().function(&function_, module_, name.c_str())) {
    driver().unload(module_);
    check(result, join("the plugin's compiled code has no kernel ", name).c_str());
  }
}

CudaKernel::~CudaKernel() { driver().unload(module_); }

// A grid without blocks has nothing to do: an empty tensor.
void CudaKernel::launch(const std::array<int64_t, 7>& shape, std::vector<void*>& arguments, void* stream) const {
  if (std::any_of(shape.begin(), shape.begin() + 3, [](int64_t length) { return length == 0; })) return;
  if (shape[6] > kSharedWithoutAsking)
    check(driver().set_attribute(function_, kMaxDynamicShared, static_cast<int>(checked(shape[6], 0))),
          "the plugin's kernel cannot have its shared memory");
  check(driver().launch(function_, checked(shape[0], 1), checked(shape[1], 1), checked(shape[2], 1),
                        checked(shape[3], 1), checked(shape[4], 1), checked(shape[5], 1), checked(shape[6], 0), stream,
                        arguments.data(), nullptr),
        "the plugin's kernel cannot be launched");
}

}  // namespace torchtrt::engine

// Nvrtc: the functions of the compiler that it takes, and the kernels of this process.
#include "core/engine/exec/nvrtc.h"

#include <c10/core/impl/VirtualGuardImpl.h>
#include <dlfcn.h>

#include <algorithm>
#include <array>
#include <map>
#include <mutex>
#include <tuple>
#include <utility>
#include <vector>

#include "core/util/error.h"
#include "core/util/log.h"

namespace torchtrt::engine {
namespace {

using Result = int;
using Handle = void*;

struct Compiler {
  Result (*create)(Handle* program, const char* source, const char* name, int headers, const char* const* texts,
                   const char* const* names) = nullptr;
  Result (*destroy)(Handle* program) = nullptr;
  Result (*compile)(Handle program, int count, const char* const* options) = nullptr;
  Result (*log_size)(Handle program, size_t* bytes) = nullptr;
  Result (*log)(Handle program, char* text) = nullptr;
  Result (*ptx_size)(Handle program, size_t* bytes) = nullptr;
  Result (*ptx)(Handle program, char* code) = nullptr;
  Result (*cubin_size)(Handle program, size_t* bytes) = nullptr;
  Result (*cubin)(Handle program, char* code) = nullptr;
  Result (*arch_count)(int* count) = nullptr;
  Result (*archs)(int* archs) = nullptr;
  const char* (*error_text)(Result error) = nullptr;
};

// Torch's CUDA builds load the compiler or know where it is: libcaffe2_nvrtc.so needs it.
void* compiler_library() {
  if (dlsym(RTLD_DEFAULT, "nvrtcCreateProgram")) return RTLD_DEFAULT;
  constexpr std::array kNames{"libnvrtc.so.13", "libnvrtc.so.12", "libcaffe2_nvrtc.so", "libnvrtc.so"};
  for (const int only_loaded : {RTLD_NOLOAD, 0})
    for (const char* name : kNames)
      if (void* library = dlopen(name, RTLD_LAZY | only_loaded); library && dlsym(library, "nvrtcCreateProgram"))
        return library;
  TORCHTRT_THROW(kExecution, "CUDA's run-time compiler (NVRTC) cannot be loaded: ", dlerror());
}

template <class Function>
void find(void* library, const char* name, Function& function) {
  function = reinterpret_cast<Function>(dlsym(library, name));
  TORCHTRT_REQUIRE(kExecution, function, "CUDA's run-time compiler has no function ", name);
}

const Compiler& compiler() {
  static const Compiler found = [] {
    void* library = compiler_library();
    Compiler made;
    find(library, "nvrtcCreateProgram", made.create);
    find(library, "nvrtcDestroyProgram", made.destroy);
    find(library, "nvrtcCompileProgram", made.compile);
    find(library, "nvrtcGetProgramLogSize", made.log_size);
    find(library, "nvrtcGetProgramLog", made.log);
    find(library, "nvrtcGetPTXSize", made.ptx_size);
    find(library, "nvrtcGetPTX", made.ptx);
    find(library, "nvrtcGetCUBINSize", made.cubin_size);
    find(library, "nvrtcGetCUBIN", made.cubin);
    find(library, "nvrtcGetNumSupportedArchs", made.arch_count);
    find(library, "nvrtcGetSupportedArchs", made.archs);
    find(library, "nvrtcGetErrorString", made.error_text);
    return made;
  }();
  return found;
}

void check(Result result, const char* what) {
  TORCHTRT_REQUIRE(kExecution, result == 0, what, ": ", compiler().error_text(result), " (NVRTC error ", result, ")");
}

class Program {
 public:
  explicit Program(const std::string& source) {
    check(compiler().create(&handle_, source.c_str(), "generated.cu", 0, nullptr, nullptr), "no program can be made");
  }
  ~Program() { compiler().destroy(&handle_); }
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  void compile(const std::string& arch) {
    const std::array options{arch.c_str(), "--std=c++17", "--fmad=false"};
    const Result result = compiler().compile(handle_, static_cast<int>(options.size()), options.data());
    if (result == 0) return;
    const std::string log = text(compiler().log_size, compiler().log);
    TORCHTRT_THROW(kExecution, "generated CUDA code does not compile for ", arch, ": ", compiler().error_text(result),
                   "\n", log);
  }
  std::string binary() { return text(compiler().cubin_size, compiler().cubin); }
  std::string ptx() { return text(compiler().ptx_size, compiler().ptx); }

 private:
  std::string text(Result (*size)(Handle, size_t*), Result (*get)(Handle, char*)) {
    size_t bytes = 0;
    check(size(handle_, &bytes), "the compiler's result cannot be read");
    std::string result(bytes, '\0');
    check(get(handle_, result.data()), "the compiler's result cannot be read");
    return result;
  }

  Handle handle_ = nullptr;
};

// A binary where the compiler knows the device, else PTX of the latest device it knows before it.
std::string compiled(const std::string& source, int arch) {
  int count = 0;
  check(compiler().arch_count(&count), "the compiler does not tell its architectures");
  std::vector<int> known(static_cast<size_t>(count));
  check(compiler().archs(known.data()), "the compiler does not tell its architectures");
  int best = 0;
  for (const int one : known)
    if (one <= arch) best = std::max(best, one);
  TORCHTRT_REQUIRE(kExecution, best > 0, "CUDA's run-time compiler knows no device of compute capability ", arch / 10,
                   '.', arch % 10);
  Program program(source);
  program.compile(join("--gpu-architecture=", best == arch ? "sm_" : "compute_", best));
  return best == arch ? program.binary() : program.ptx();
}

// A kernel of the process: not made yet, there, or failed.
struct Entry {
  std::mutex mutex;
  std::string code;
  std::shared_ptr<const CudaKernel> kernel;
  std::string failure;
  int failed_loads = 0;
  bool logged = false;
};
using Key = std::tuple<int, std::string, std::string>;  // device, name, source
constexpr int kMostLoads = 3;                           // another thread's capture can forbid one

Entry& entry_of(int device, const std::string& source, const std::string& name) {
  static std::mutex mutex;
  static auto& entries = *new std::map<Key, Entry>;  // never destroyed: the driver may be gone before
  const std::lock_guard lock(mutex);
  return entries[Key(device, name, source)];
}

void compile(Entry& entry, const std::string& source, int arch) {
  if (!entry.code.empty()) return;
  try {
    entry.code = compiled(source, arch);
  } catch (const Error& error) {
    entry.failure = error.what();
    throw;
  }
}

void load(Entry& entry, const std::string& name) {
  try {
    entry.kernel = std::make_shared<const CudaKernel>(entry.code, name);
  } catch (const Error& error) {
    if (++entry.failed_loads >= kMostLoads) entry.failure = error.what();
    throw;
  }
  entry.code = std::string();
}

}  // namespace

std::shared_ptr<const CudaKernel> cuda_kernel(const std::string& source, const std::string& name) {
  const c10::Device device = present_device();
  Entry& entry = entry_of(device.index(), source, name);
  const std::lock_guard lock(entry.mutex);
  if (entry.kernel) return entry.kernel;
  TORCHTRT_REQUIRE(kExecution, entry.failure.empty(), entry.failure);
  make_context_current(device.index());
  if (is_present_stream_captured(device)) return nullptr;
  compile(entry, source, architecture_of(device.index()));
  load(entry, name);
  return entry.kernel;
}

std::shared_ptr<const CudaKernel> try_cuda_kernel(const std::string& source, const std::string& name) {
  try {
    return cuda_kernel(source, name);
  } catch (const Error& error) {
    Entry& entry = entry_of(present_device().index(), source, name);
    const std::lock_guard lock(entry.mutex);
    if (!std::exchange(entry.logged, true)) log(LogLevel::kWarning, join("layers run unfused: ", error.what()));
    return nullptr;
  }
}

c10::Device present_device() { return c10::impl::VirtualGuardImpl(c10::DeviceType::CUDA).getDevice(); }

void* present_stream(c10::Device device) {
  return c10::impl::VirtualGuardImpl(device.type()).getStream(device).native_handle();
}

bool is_present_stream_captured(c10::Device device) { return is_stream_captured(present_stream(device)); }

}  // namespace torchtrt::engine

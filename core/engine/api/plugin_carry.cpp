// load_carried: a library is written to a file in memory, or to a temporary one where that is not possible or not
// allowed, which is gone when the library is loaded.
#include "core/engine/api/plugin_carry.h"

#include <dlfcn.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <map>
#include <mutex>
#include <span>
#include <utility>

#include "core/engine/file/checksum.h"
#include "core/util/error.h"

namespace torchtrt::engine::api {
namespace {

class File {
 public:
  File(int descriptor, std::string path, bool is_temporary)
      : descriptor_(descriptor), path_(std::move(path)), is_temporary_(is_temporary) {}
  File(File&& other) noexcept
      : descriptor_(std::exchange(other.descriptor_, -1)),
        path_(std::move(other.path_)),
        is_temporary_(std::exchange(other.is_temporary_, false)) {}
  File& operator=(File&&) = delete;
  ~File() {
    if (descriptor_ >= 0) close(descriptor_);
    if (is_temporary_) unlink(path_.c_str());
  }

  const std::string& path() const { return path_; }
  bool is_temporary() const { return is_temporary_; }
  // The loader knows libraries by their path: that of a loaded one in memory must not come again.
  void keep_open() { descriptor_ = -1; }
  void write(const std::string& content) const {
    for (size_t done = 0; done < content.size();) {
      const ssize_t written = ::write(descriptor_, content.data() + done, content.size() - done);
      TORCHTRT_REQUIRE(kExecution, written > 0, "cannot write ", content.size(), " bytes to ", path_);
      done += static_cast<size_t>(written);
    }
  }

 private:
  int descriptor_;
  std::string path_;
  bool is_temporary_;
};

bool allows(nv::TempfileControlFlags flags, nv::TempfileControlFlag flag) {
  return (flags >> static_cast<uint32_t>(flag) & 1u) != 0;
}

File open_file(const TemporaryFiles& files) {
  if (allows(files.allowed, nv::TempfileControlFlag::kALLOW_IN_MEMORY_FILES))
    if (const int made = memfd_create("plugins", MFD_CLOEXEC); made >= 0)
      return File(made, join("/proc/self/fd/", made), /*is_temporary=*/false);
  TORCHTRT_REQUIRE(kInvalidState, allows(files.allowed, nv::TempfileControlFlag::kALLOW_TEMPORARY_FILES),
                   "its file can be neither in memory nor a temporary one; allow it with "
                   "IRuntime::setTempfileControlFlags");
  const std::string folder =
      files.directory.empty() ? std::filesystem::temp_directory_path().string() : files.directory;
  std::string path = join(folder, "/torchtrt-plugins-XXXXXX");
  const int made = mkstemp(path.data());
  TORCHTRT_REQUIRE(kInvalidState, made >= 0, "no temporary file can be made in ", folder,
                   "; choose another folder with IRuntime::setTemporaryDirectory");
  return File(made, path, /*is_temporary=*/true);
}

// Once in a process, for as long as it runs: plugins may outlive the registry of the runtime that they came to.
void* load_once(const CarriedLibrary& library, const TemporaryFiles& files) {
  static std::mutex mutex;
  static auto* loaded = new std::map<std::pair<size_t, uint64_t>, void*>;  // by length and checksum
  const std::scoped_lock lock(mutex);
  const auto bytes = std::as_bytes(std::span(library.content));
  void*& handle = (*loaded)[{bytes.size(), xxh64(bytes)}];
  if (handle) return handle;
  File file = open_file(files);
  file.write(library.content);
  handle = dlopen(file.path().c_str(), RTLD_LAZY);
  TORCHTRT_REQUIRE(kInvalidArgument, handle, "it cannot be loaded: ", dlerror());
  if (!file.is_temporary()) file.keep_open();
  return handle;
}

}  // namespace

void load_carried(const CarriedLibraries& libraries, const TemporaryFiles& files, PluginRegistry& registry) {
  for (const CarriedLibrary& library : libraries) {
    try {
      registry.adopt_library(load_once(library, files));
    } catch (const Error& error) {
      throw Error(error.kind(), join("library \"", library.path, "\", which came with the plan: ", error.what()));
    }
  }
}

}  // namespace torchtrt::engine::api

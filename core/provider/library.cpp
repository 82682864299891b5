// The choice of the provider. See Note [One provider].
#include "core/provider/library.h"

#include <ATen/Context.h>
#include <NvInferVersion.h>
#include <dlfcn.h>

#include <cstdlib>
#include <filesystem>
#include <mutex>
#include <optional>

#include "core/provider/library_set.h"
#include "core/util/error.h"

namespace torchtrt::provider {
namespace {

namespace fs = std::filesystem;

struct Loaded {
  LibrarySet libraries;
  Info info;
};

// Never destroyed: engines may live longer than static objects.
struct State {
  std::mutex mutex;
  std::optional<Loaded> loaded;
};

State& state() {
  static State* const instance = new State;
  return *instance;
}

Loaded loaded(LibrarySet set, Choice choice, std::string reason, std::string problem = {}) {
  Info info{choice, set.version_text(), set.nvinfer().path(), std::move(reason), std::move(problem)};
  return {std::move(set), std::move(info)};
}

// Why NVIDIA's library is not taken; `broken` holds what was found but cannot be used.
struct Search {
  std::optional<LibrarySet> found;
  std::string tried;
  std::string broken;
};

bool is_absent(const std::string& folder, const std::string& why) {
  if (!folder.empty()) return !fs::exists(fs::path(folder) / nvinfer_soname());
  return why.starts_with(nvinfer_soname() + ": cannot open shared object file");
}

Search find_nvidia(const Request& request) {
  Search search;
  std::vector<std::string> folders = request.nvidia_folders;
  folders.emplace_back();  // the loader's own path
  for (const std::string& folder : folders) {
    try {
      search.found = LibrarySet::open(folder);
      return search;
    } catch (const Error& error) {
      const std::string line = join("\n  ", error.what());
      search.tried += line;
      if (!is_absent(folder, error.what())) search.broken += line;
    }
  }
  return search;
}

Loaded load_nvidia(const Request& request) {
  Search search = find_nvidia(request);
  TORCHTRT_REQUIRE(kInvalidState, search.found, "TORCHTRT_PROVIDER=nvidia, but NVIDIA's ", nvinfer_soname(),
                   " cannot be loaded:", search.tried, "\n  Install TensorRT ", NV_TENSORRT_MAJOR,
                   " (pip install tensorrt), put its folder on LD_LIBRARY_PATH, or set TORCHTRT_PROVIDER=embedded");
  const char* reason = request.cuda_usable ? "asked for" : "asked for, though no CUDA device is usable";
  return loaded(std::move(*search.found), Choice::kNvidia, reason);
}

Loaded load_embedded(const Request& request, std::string reason, std::string problem = {}) {
  try {
    return loaded(LibrarySet::open(request.embedded_folder), Choice::kEmbedded, reason, problem);
  } catch (const Error& error) {
    TORCHTRT_THROW(kInvalidState, "The embedded engine cannot be loaded (wanted because: ", reason, ")\n  ",
                   error.what(), problem.empty() ? "" : "\n  NVIDIA's library cannot be used either:", problem,
                   "\n  Reinstall torch_tensorrt; its embedded engine belongs into ", request.embedded_folder);
  }
}

Loaded load_auto(const Request& request) {
  if (!request.cuda_usable) return load_embedded(request, "no CUDA device is usable");
  Search search = find_nvidia(request);
  if (search.found) return loaded(std::move(*search.found), Choice::kNvidia, "found, and a CUDA device is usable");
  if (search.broken.empty()) return load_embedded(request, join("no ", nvinfer_soname(), " of NVIDIA's was found"));
  return load_embedded(request, "NVIDIA's library cannot be used", search.broken);
}

// What the process already holds cannot be exchanged: taken if it is what was asked for.
Loaded adopt(LibrarySet set, const Request& request) {
  std::error_code failed;
  const fs::path folder = fs::path(set.nvinfer().path()).parent_path();
  const bool ours = fs::equivalent(folder, request.embedded_folder, failed);
  const Choice choice = ours ? Choice::kEmbedded : Choice::kNvidia;
  TORCHTRT_REQUIRE(kInvalidState, request.choice == Choice::kAuto || request.choice == choice,
                   "TORCHTRT_PROVIDER=", name_of(request.choice), ", but this process already holds ",
                   set.nvinfer().path(), " (provider ", name_of(choice),
                   ")\n  Import torch_tensorrt before tensorrt, or set TORCHTRT_PROVIDER=", name_of(choice));
  return loaded(std::move(set), choice, "already loaded when torch_tensorrt was imported");
}

Loaded decide(const Request& request) {
  if (auto set = LibrarySet::resident()) return adopt(std::move(*set), request);
  switch (request.choice) {
    case Choice::kNvidia:
      return load_nvidia(request);
    case Choice::kEmbedded:
      return load_embedded(request, "asked for");
    case Choice::kAuto:
      break;
  }
  return load_auto(request);
}

const Loaded& current() {
  if (!is_loaded()) load(default_request());
  return *state().loaded;
}

std::string own_folder() {
  Dl_info found{};
  ::dladdr(reinterpret_cast<void*>(&own_folder), &found);
  return fs::absolute(found.dli_fname ? found.dli_fname : ".").parent_path().string();
}

// Beside this library; the one for an interface other than 10 lies in a folder of its own below that.
fs::path embedded_folder() {
  const fs::path own = own_folder();
  return (NV_TENSORRT_MAJOR == 10 ? own : own.parent_path()) / "embedded" / std::to_string(NV_TENSORRT_MAJOR);
}

}  // namespace

Choice choice_of(const std::string& word) {
  for (const Choice choice : {Choice::kAuto, Choice::kNvidia, Choice::kEmbedded})
    if (name_of(choice) == word) return choice;
  TORCHTRT_THROW(kInvalidArgument, "TORCHTRT_PROVIDER is one of auto, nvidia, embedded; got '", word, "'");
}

std::string name_of(Choice choice) {
  return choice == Choice::kAuto ? "auto" : choice == Choice::kNvidia ? "nvidia" : "embedded";
}

Request default_request() {
  const char* word = std::getenv("TORCHTRT_PROVIDER");
  Request request;
  if (word && *word) request.choice = choice_of(word);
  request.embedded_folder = embedded_folder().string();
  request.cuda_usable = at::detail::getCUDAHooks().hasCUDA() && at::detail::getCUDAHooks().deviceCount() > 0;
  return request;
}

const Info& load(const Request& request) {
  State& s = state();
  const std::lock_guard lock(s.mutex);
  if (!s.loaded) s.loaded.emplace(decide(request));
  const Info& info = s.loaded->info;
  TORCHTRT_REQUIRE(kInvalidState, request.choice == Choice::kAuto || request.choice == info.choice, "provider ",
                   name_of(request.choice), " was asked for, but ", name_of(info.choice), " (", info.path,
                   ") is in use; the choice is made once per process: set TORCHTRT_PROVIDER before the first import");
  return info;
}

const Info& info() { return current().info; }

bool is_loaded() {
  State& s = state();
  const std::lock_guard lock(s.mutex);
  return s.loaded.has_value();
}

int32_t library_version() { return current().libraries.version(); }

int32_t interface_major() { return NV_TENSORRT_MAJOR; }

void* symbol(const char* name) {
  const Loaded& all = current();
  void* found = all.libraries.nvinfer().find(name);
  TORCHTRT_REQUIRE(kInvalidState, found, all.info.path, " does not export ", name);
  return found;
}

}  // namespace torchtrt::provider

// PluginRegistry: libraries of plugins. A library exports getCreators, or getPluginCreators of older ones, and may
// export setLoggerFinder. All of its plugins are registered, or none.
#include <dlfcn.h>

#include <algorithm>
#include <cstring>

#include "core/engine/api/registry.h"
#include "core/util/error.h"

namespace torchtrt::engine::api {
namespace {

using Creators = std::vector<nv::IPluginCreatorInterface*>;

// What a library logs to. There is one logger for everything that has no owner.
class LoggerFinder final : public nv::ILoggerFinder {
 public:
  nv::ILogger* findLogger() override { return process_logger(); }
};

LoggerFinder& logger_finder() {
  static auto* finder = new LoggerFinder;  // libraries keep it
  return *finder;
}

template <class Function>
Function* find(void* library, const char* name) {
  return reinterpret_cast<Function*>(dlsym(library, name));
}

template <class Creator>
Creators listed(Creator* const* (*list)(int32_t&)) {
  int32_t count = 0;
  Creator* const* creators = list(count);
  TORCHTRT_REQUIRE(kInvalidArgument, count >= 0 && (count == 0 || creators), "it lists ", count,
                   " plugin creators at address null");
  Creators result(creators, creators + count);
  TORCHTRT_REQUIRE(kInvalidArgument, std::find(result.begin(), result.end(), nullptr) == result.end(),
                   "one of its plugin creators is null");
  return result;
}

Creators creators_of(void* library) {
  if (auto* set = find<void(nv::ILoggerFinder*)>(library, "setLoggerFinder")) set(&logger_finder());
  if (auto* list = find<nv::IPluginCreatorInterface* const*(int32_t&)>(library, "getCreators"))
    return listed<nv::IPluginCreatorInterface>(list);
  auto* list = find<nv::IPluginCreator* const*(int32_t&)>(library, "getPluginCreators");
  TORCHTRT_REQUIRE(kInvalidArgument, list, "it exports neither getCreators nor getPluginCreators");
  return listed<nv::IPluginCreator>(list);
}

}  // namespace

// In the namespaces that the creators name.
Creators PluginRegistry::insert_all(const Creators& creators) {
  Creators inserted;
  try {
    for (nv::IPluginCreatorInterface* creator : creators) {
      TORCHTRT_REQUIRE(kInvalidArgument, insert(*creator, namespace_of(*creator)),
                       "one of its plugins is registered already");
      inserted.push_back(creator);
    }
  } catch (...) {
    for (const auto* creator : inserted) erase(*creator);
    throw;
  }
  return inserted;
}

void PluginRegistry::adopt_library(void* library) {
  for (nv::IPluginCreatorInterface* creator : creators_of(library)) insert(*creator, namespace_of(*creator));
}

nv::IPluginRegistry::PluginLibraryHandle PluginRegistry::loadLibrary(const char* path) noexcept {
  return report_.guard("IPluginRegistry::loadLibrary", static_cast<void*>(nullptr), [&] {
    TORCHTRT_REQUIRE(kInvalidArgument, path && *path, "the path is null or empty");
    void* handle = dlopen(path, RTLD_LAZY);
    TORCHTRT_REQUIRE(kInvalidArgument, handle, "cannot load ", path, ": ", dlerror());
    try {
      const std::scoped_lock lock(mutex_);
      libraries_.push_back({handle, insert_all(creators_of(handle))});
    } catch (const Error& error) {
      dlclose(handle);
      throw Error(error.kind(), join("cannot use ", path, ": ", error.what()));
    }
    return handle;
  });
}

void PluginRegistry::deregisterLibrary(PluginLibraryHandle handle) noexcept {
  report_.attempt("IPluginRegistry::deregisterLibrary", [&] {
    const std::scoped_lock lock(mutex_);
    const auto found =
        std::find_if(libraries_.begin(), libraries_.end(), [&](const Library& l) { return l.handle == handle; });
    TORCHTRT_REQUIRE(kInvalidArgument, found != libraries_.end(), "the handle belongs to no library of this registry");
    for (const auto* creator : found->creators) erase(*creator);
    libraries_.erase(found);
    dlclose(handle);
  });
}

}  // namespace torchtrt::engine::api

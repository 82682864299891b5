// The only dlopen of the project (but for plugins and custom operators that users name).
#include "core/provider/shared_object.h"

#include <dlfcn.h>
#include <link.h>

#include <filesystem>

#include "core/util/error.h"

namespace torchtrt::provider {

SharedObject SharedObject::open(const std::string& file) {
  void* handle = ::dlopen(file.c_str(), RTLD_NOW | RTLD_GLOBAL);
  if (!handle) {
    const char* why = ::dlerror();
    TORCHTRT_THROW(kInvalidState, why ? why : file.c_str());
  }
  return SharedObject(handle);
}

std::optional<SharedObject> SharedObject::resident(const std::string& soname) {
  void* handle = ::dlopen(soname.c_str(), RTLD_NOW | RTLD_GLOBAL | RTLD_NOLOAD);
  if (!handle) return std::nullopt;
  return SharedObject(handle);
}

SharedObject::~SharedObject() {
  if (handle_) ::dlclose(handle_);
}

void* SharedObject::find(const char* symbol) const { return ::dlsym(handle_, symbol); }

std::string SharedObject::path() const {
  link_map* map = nullptr;
  if (::dlinfo(handle_, RTLD_DI_LINKMAP, &map) != 0 || !map) return {};
  std::error_code failed;
  const auto path = std::filesystem::canonical(map->l_name, failed);
  return failed ? map->l_name : path.string();
}

}  // namespace torchtrt::provider

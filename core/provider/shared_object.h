// SharedObject: an owned dlopen handle.
#pragma once

#include <optional>
#include <string>
#include <utility>

namespace torchtrt::provider {

class SharedObject {
 public:
  // Opens `file` (a path, or a SONAME for the loader to find) into the global scope; throws kInvalidState.
  static SharedObject open(const std::string& file);
  // The object of this SONAME that the process already holds, if any.
  static std::optional<SharedObject> resident(const std::string& soname);

  SharedObject(SharedObject&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  SharedObject& operator=(SharedObject&&) = delete;
  ~SharedObject();

  // Null where the symbol is missing.
  void* find(const char* symbol) const;
  // Where the loader found it, links resolved.
  std::string path() const;

 private:
  explicit SharedObject(void* handle) : handle_(handle) {}
  void* handle_;
};

}  // namespace torchtrt::provider

// PluginRegistry: plugin creators by name, version and namespace, with a parent; and shared plugin resources.
#pragma once

#include <NvInferRuntime.h>

#include <map>
#include <mutex>
#include <string>
#include <tuple>
#include <vector>

#include "core/engine/api/majors.h"
#include "core/engine/api/report.h"

namespace torchtrt::engine::api {

// Safe to use from several threads. Creators stay their owner's.
class PluginRegistry final : public nv::IPluginRegistry {
 public:
  // `logger` null: that of the process.
  explicit PluginRegistry(nv::IPluginRegistry* parent, nv::ILogger* logger = nullptr)
      : parent_(parent), report_(logger) {}
  // Libraries stay loaded: an engine that was built with their plugins may outlive the builder.
  ~PluginRegistry() override;

  void set_parent(nv::IPluginRegistry* parent) { parent_ = parent; }
  // Registers the plugins of a library that stays loaded, but for those that are registered here already.
  void adopt_library(void* library);

  bool registerCreator(nv::IPluginCreator& creator, const char* name_space) noexcept TORCHTRT_OVERRIDE_10;
  nv::IPluginCreator* const* getPluginCreatorList(int32_t* count) const noexcept TORCHTRT_OVERRIDE_10;
  nv::IPluginCreator* getPluginCreator(const char* name, const char* version,
                                       const char* name_space) noexcept TORCHTRT_OVERRIDE_10;
  void setErrorRecorder(nv::IErrorRecorder* recorder) noexcept override { report_.set_recorder(recorder); }
  nv::IErrorRecorder* getErrorRecorder() const noexcept override { return report_.recorder(); }
  bool deregisterCreator(const nv::IPluginCreator& creator) noexcept TORCHTRT_OVERRIDE_10;
  bool isParentSearchEnabled() const override { return search_parent_; }
  void setParentSearchEnabled(bool enabled) override { search_parent_ = enabled; }
  PluginLibraryHandle loadLibrary(const char* path) noexcept override;
  void deregisterLibrary(PluginLibraryHandle handle) noexcept override;
  bool registerCreator(nv::IPluginCreatorInterface& creator, const char* name_space) noexcept override;
  nv::IPluginCreatorInterface* const* getAllCreators(int32_t* count) const noexcept override;
  nv::IPluginCreatorInterface* getCreator(const char* name, const char* version,
                                          const char* name_space) noexcept override;
  bool deregisterCreator(const nv::IPluginCreatorInterface& creator) noexcept override;
  nv::IPluginResource* acquirePluginResource(const char* key, nv::IPluginResource* resource) noexcept override;
  int32_t releasePluginResource(const char* key) noexcept override;
  nv::IPluginCreatorInterface* const* getAllCreatorsRecursive(int32_t* count) noexcept override;

 private:
  using Name = std::tuple<std::string, std::string, std::string>;  // name, version, namespace
  struct Resource {
    nv::IPluginResource* object;
    int count;
  };
  struct Library {
    void* handle;
    std::vector<nv::IPluginCreatorInterface*> creators;
  };
  // What the creator itself says.
  static std::string namespace_of(nv::IPluginCreatorInterface& creator);
  std::vector<nv::IPluginCreatorInterface*> insert_all(const std::vector<nv::IPluginCreatorInterface*>& creators);
  bool insert(nv::IPluginCreatorInterface& creator, const std::string& name_space);
  bool erase(const nv::IPluginCreatorInterface& creator);

  nv::IPluginRegistry* parent_;
  bool search_parent_ = true;
  Report report_;
  mutable std::recursive_mutex mutex_;
  std::map<Name, nv::IPluginCreatorInterface*> creators_;
  std::map<std::string, Resource> resources_;
  std::vector<Library> libraries_;
  // What the last list calls answered.
  mutable std::vector<nv::IPluginCreatorInterface*> listed_, listed_recursive_;
  mutable std::vector<nv::IPluginCreator*> listed_v1_;
};

// The registry of the process.
PluginRegistry& global_registry();

}  // namespace torchtrt::engine::api

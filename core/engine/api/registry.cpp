// PluginRegistry: registration, look-up through parents, resources.
#include "core/engine/api/registry.h"

#include <impl/NvInferPythonPlugin.h>

#include <algorithm>
#include <cstring>

#include "core/util/error.h"

namespace torchtrt::engine::api {
namespace {

constexpr size_t kLongestText = 1024;
constexpr const char* kKinds[] = {"PLUGIN CREATOR_V1", "PLUGIN CREATOR_V3ONE", "PLUGIN CREATOR_V3QUICK"};

bool is_kind(const nv::IPluginCreatorInterface& creator, const char* kind) {
  return std::strcmp(creator.getInterfaceInfo().kind, kind) == 0;
}

std::string checked(const char* text, const char* what) {
  TORCHTRT_REQUIRE(kInvalidArgument, text && std::strlen(text) <= kLongestText, "the ", what,
                   " of a plugin creator is null or longer than ", kLongestText, " bytes");
  return text;
}

template <class Creator>
std::pair<std::string, std::string> name_of(nv::IPluginCreatorInterface& creator) {
  auto& typed = static_cast<Creator&>(creator);
  return {checked(typed.getPluginName(), "name"), checked(typed.getPluginVersion(), "version")};
}

// The generations of creators have their names in different places; their kind tells which one it is.
std::pair<std::string, std::string> name_and_version(nv::IPluginCreatorInterface& creator) {
  if (is_kind(creator, kKinds[0])) return name_of<nv::IPluginCreator>(creator);
  if (is_kind(creator, kKinds[1])) return name_of<nv::IPluginCreatorV3One>(creator);
  if (is_kind(creator, kKinds[2])) return name_of<nv::IPluginCreatorV3Quick>(creator);
  TORCHTRT_THROW(kInvalidArgument, "a plugin creator of the unknown kind \"", creator.getInterfaceInfo().kind, '"');
}

// The clone that the registry keeps is its own; what Python made, Python frees. NVIDIA's bindings answer -1 for every
// release in Python, which tells nothing.
int32_t end_resource(nv::IPluginResource& resource) noexcept {
  const bool python = resource.getAPILanguage() == nv::APILanguage::kPYTHON;
  const int32_t result = resource.release();
  if (python) return 0;
  delete &resource;
  return result;
}

}  // namespace

std::string PluginRegistry::namespace_of(nv::IPluginCreatorInterface& creator) {
  const char* found =
      is_kind(creator, kKinds[0])   ? static_cast<nv::IPluginCreator&>(creator).getPluginNamespace()
      : is_kind(creator, kKinds[1]) ? static_cast<nv::IPluginCreatorV3One&>(creator).getPluginNamespace()
      : is_kind(creator, kKinds[2]) ? static_cast<nv::IPluginCreatorV3Quick&>(creator).getPluginNamespace()
                                    : "";
  return checked(found ? found : "", "namespace");
}

bool PluginRegistry::insert(nv::IPluginCreatorInterface& creator, const std::string& name_space) {
  const auto [name, version] = name_and_version(creator);
  const std::scoped_lock lock(mutex_);
  const bool inserted = creators_.emplace(Name{name, version, name_space}, &creator).second;
  if (inserted && is_kind(creator, kKinds[0]))
    static_cast<nv::IPluginCreator&>(creator).setPluginNamespace(name_space.c_str());
  return inserted;
}

bool PluginRegistry::erase(const nv::IPluginCreatorInterface& creator) {
  const std::scoped_lock lock(mutex_);
  return std::erase_if(creators_, [&](const auto& named) { return named.second == &creator; }) != 0;
}

bool PluginRegistry::registerCreator(nv::IPluginCreatorInterface& creator, const char* name_space) noexcept {
  return report_.guard("IPluginRegistry::registerCreator", false,
                       [&] { return insert(creator, checked(name_space, "namespace")); });
}

bool PluginRegistry::registerCreator(nv::IPluginCreator& creator, const char* name_space) noexcept {
  return registerCreator(static_cast<nv::IPluginCreatorInterface&>(creator), name_space);
}

bool PluginRegistry::deregisterCreator(const nv::IPluginCreatorInterface& creator) noexcept {
  return report_.guard("IPluginRegistry::deregisterCreator", false, [&] { return erase(creator); });
}

bool PluginRegistry::deregisterCreator(const nv::IPluginCreator& creator) noexcept {
  return deregisterCreator(static_cast<const nv::IPluginCreatorInterface&>(creator));
}

nv::IPluginCreatorInterface* PluginRegistry::getCreator(const char* name, const char* version,
                                                        const char* name_space) noexcept {
  return report_.guard("IPluginRegistry::getCreator", static_cast<nv::IPluginCreatorInterface*>(nullptr), [&] {
    const Name key{checked(name, "name"), checked(version, "version"), checked(name_space, "namespace")};
    const std::scoped_lock lock(mutex_);
    if (const auto found = creators_.find(key); found != creators_.end()) return found->second;
    return parent_ && search_parent_ ? parent_->getCreator(name, version, name_space) : nullptr;
  });
}

nv::IPluginCreator* PluginRegistry::getPluginCreator(const char* name, const char* version,
                                                     const char* name_space) noexcept {
  nv::IPluginCreatorInterface* found = getCreator(name, version, name_space);
  return found && is_kind(*found, kKinds[0]) ? static_cast<nv::IPluginCreator*>(found) : nullptr;
}

nv::IPluginCreatorInterface* const* PluginRegistry::getAllCreators(int32_t* count) const noexcept {
  return report_.guard("IPluginRegistry::getAllCreators", static_cast<nv::IPluginCreatorInterface* const*>(nullptr),
                       [&] {
                         const std::scoped_lock lock(mutex_);
                         listed_.clear();
                         for (const auto& named : creators_) listed_.push_back(named.second);
                         if (count) *count = static_cast<int32_t>(listed_.size());
                         return listed_.empty() ? nullptr : listed_.data();
                       });
}

nv::IPluginCreator* const* PluginRegistry::getPluginCreatorList(int32_t* count) const noexcept {
  return report_.guard("IPluginRegistry::getPluginCreatorList", static_cast<nv::IPluginCreator* const*>(nullptr), [&] {
    const std::scoped_lock lock(mutex_);
    listed_v1_.clear();
    for (const auto& named : creators_)
      if (is_kind(*named.second, kKinds[0])) listed_v1_.push_back(static_cast<nv::IPluginCreator*>(named.second));
    if (count) *count = static_cast<int32_t>(listed_v1_.size());
    return listed_v1_.empty() ? nullptr : listed_v1_.data();
  });
}

nv::IPluginCreatorInterface* const* PluginRegistry::getAllCreatorsRecursive(int32_t* count) noexcept {
  using List = nv::IPluginCreatorInterface* const*;
  return report_.guard("IPluginRegistry::getAllCreatorsRecursive", static_cast<List>(nullptr), [&] {
    const std::scoped_lock lock(mutex_);
    int32_t own = 0, above = 0;
    const List mine = getAllCreators(&own);
    const List parents = parent_ && search_parent_ ? parent_->getAllCreatorsRecursive(&above) : nullptr;
    listed_recursive_.assign(mine, mine + own);
    if (parents) listed_recursive_.insert(listed_recursive_.end(), parents, parents + above);
    if (count) *count = static_cast<int32_t>(listed_recursive_.size());
    return listed_recursive_.empty() ? static_cast<List>(nullptr) : listed_recursive_.data();
  });
}

nv::IPluginResource* PluginRegistry::acquirePluginResource(const char* key, nv::IPluginResource* resource) noexcept {
  return report_.guard("IPluginRegistry::acquirePluginResource", static_cast<nv::IPluginResource*>(nullptr), [&] {
    TORCHTRT_REQUIRE(kInvalidArgument, key && resource && std::strlen(key) <= kLongestText,
                     "the key or the resource is null, or the key is longer than ", kLongestText, " bytes");
    const std::scoped_lock lock(mutex_);
    auto found = resources_.find(key);
    if (found == resources_.end()) {
      nv::IPluginResource* copy = resource->clone();
      TORCHTRT_REQUIRE(kInvalidArgument, copy, "resource \"", key, "\" could not be cloned");
      found = resources_.emplace(key, Resource{copy, 0}).first;
    }
    ++found->second.count;
    return found->second.object;
  });
}

int32_t PluginRegistry::releasePluginResource(const char* key) noexcept {
  return report_.guard("IPluginRegistry::releasePluginResource", -1, [&] {
    const std::scoped_lock lock(mutex_);
    const auto found = resources_.find(key ? key : "");
    TORCHTRT_REQUIRE(kInvalidArgument, found != resources_.end(), "no resource \"", key ? key : "", "\" is held");
    if (--found->second.count > 0) return 0;
    nv::IPluginResource* object = found->second.object;
    resources_.erase(found);
    return end_resource(*object);
  });
}

PluginRegistry::~PluginRegistry() {
  for (const auto& named : resources_) end_resource(*named.second.object);
}

PluginRegistry& global_registry() {
  static auto* registry = new PluginRegistry(nullptr);  // outlives static creators of other libraries
  return *registry;
}

}  // namespace torchtrt::engine::api

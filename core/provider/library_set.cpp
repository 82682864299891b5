// Opening and checking of the three libraries.
#include "core/provider/library_set.h"

#include <NvInferVersion.h>

#include <array>
#include <filesystem>
#include <span>

#include "core/util/error.h"

namespace torchtrt::provider {
namespace {

struct Library {
  const char* stem;
  std::span<const char* const> symbols;
};

constexpr std::array kNvInferSymbols = {"getInferLibVersion",          "createInferBuilder_INTERNAL",
                                        "createInferRuntime_INTERNAL", "createInferRefitter_INTERNAL",
                                        "getPluginRegistry",           "getBuilderPluginRegistry"};
constexpr std::array kPluginSymbols = {"initLibNvInferPlugins"};
constexpr std::array kParserSymbols = {"createNvOnnxParser_INTERNAL", "createNvOnnxParserRefitter_INTERNAL",
                                       "getNvOnnxParserVersion"};
constexpr std::array<Library, 3> kLibraries = {
    {{"libnvinfer", kNvInferSymbols}, {"libnvinfer_plugin", kPluginSymbols}, {"libnvonnxparser", kParserSymbols}}};

std::string soname(const Library& library) { return join(library.stem, ".so.", NV_TENSORRT_MAJOR); }

std::string file_in(const std::string& folder, const Library& library) {
  return folder.empty() ? soname(library) : (std::filesystem::path(folder) / soname(library)).string();
}

// Before 10 a version was major * 1000 + minor * 100 + patch.
std::array<int32_t, 3> decode(int32_t version) {
  const int32_t unit = version < 10000 ? 1000 : 10000;
  return {version / unit, version % unit / 100, version % 100};
}

int32_t call(const SharedObject& object, const char* name) {
  return reinterpret_cast<int32_t (*)()>(object.find(name))();
}

void check_symbols(const SharedObject& object, const Library& library) {
  for (const char* name : library.symbols)
    TORCHTRT_REQUIRE(kInvalidState, object.find(name), object.path(), " is not a usable ", library.stem,
                     ": it does not export ", name);  // c1
}

void check_major(const SharedObject& nvinfer) {
  const auto [major, minor, patch] = decode(call(nvinfer, "getInferLibVersion"));
  TORCHTRT_REQUIRE(kInvalidState, major == NV_TENSORRT_MAJOR, nvinfer.path(), " is TensorRT ", major, '.', minor, '.',
                   patch, "; this build of torch_tensorrt needs TensorRT ", NV_TENSORRT_MAJOR, ".x");  // c2
}

}  // namespace

std::string nvinfer_soname() { return soname(kLibraries.front()); }

LibrarySet LibrarySet::open(const std::string& folder) {
  LibrarySet set;
  for (const Library& library : kLibraries) {
    set.objects_.push_back(SharedObject::open(file_in(folder, library)));
    check_symbols(set.objects_.back(), library);
    if (set.objects_.size() == 1) check_major(set.nvinfer());
  }
  return set;
}

std::optional<LibrarySet> LibrarySet::resident() {
  std::optional<SharedObject> nvinfer = SharedObject::resident(nvinfer_soname());
  if (!nvinfer) return std::nullopt;
  return open(std::filesystem::path(nvinfer->path()).parent_path().string());
}

int32_t LibrarySet::version() const { return call(nvinfer(), "getInferLibVersion"); }

std::string LibrarySet::version_text() const {
  const auto [major, minor, patch] = decode(version());
  const std::string text = join(major, '.', minor, '.', patch);
  const char* build = "getInferLibBuildVersion";
  return nvinfer().find(build) ? join(text, '.', call(nvinfer(), build)) : text;
}

}  // namespace torchtrt::provider

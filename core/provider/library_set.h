// LibrarySet: libnvinfer with its plugin and ONNX parser companions, opened and checked.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/provider/shared_object.h"

namespace torchtrt::provider {

// Constraints, all kInvalidState:
//   c1  each library exports what NVIDIA's Python bindings and our C++ import from it
//   c2  the major of libnvinfer is the one this build was compiled for
class LibrarySet {
 public:
  // From a folder, or from the loader's own path where `folder` is empty.
  static LibrarySet open(const std::string& folder);
  // The set whose libnvinfer the process already holds; its companions come from the same folder.
  static std::optional<LibrarySet> resident();

  const SharedObject& nvinfer() const { return objects_.front(); }
  int32_t version() const;           // as the library encodes it
  std::string version_text() const;  // "10.16.1.11"

 private:
  std::vector<SharedObject> objects_;
};

// "libnvinfer.so.10"
std::string nvinfer_soname();

}  // namespace torchtrt::provider

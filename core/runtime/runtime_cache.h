// RuntimeCacheHandle: TensorRT-RTX's cache of kernels compiled at run time. The class exists so that code which names
// it loads; no library of this version has such a cache.
#pragma once

#include <ATen/core/TensorBody.h>
#include <ATen/core/ivalue.h>

#include <string>

#include "core/util/error.h"

namespace torchtrt::runtime {

class RuntimeCacheHandle : public torch::CustomClassHolder {
 public:
  explicit RuntimeCacheHandle(std::string path) : path_(std::move(path)) {}

  const std::string& path() const { return path_; }
  bool has_cache() const { return false; }
  at::Tensor serialize() const { refuse(); }
  void deserialize(const at::Tensor&) const { refuse(); }

 private:
  [[noreturn]] void refuse() const {
    TORCHTRT_THROW(kUnsupported, "The runtime cache '", path_,
                   "' cannot be read or written: only TensorRT-RTX compiles kernels at run time, and this is not it. "
                   "Leave runtime_cache out.");
  }

  std::string path_;
};

}  // namespace torchtrt::runtime

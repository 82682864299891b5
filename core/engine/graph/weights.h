// Weights: typed constant data of a layer, by reference while a network is defined, owned once planned.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "core/util/dtype.h"

namespace torchtrt::engine {

// `count` elements of `dtype` at `data`, row major, sub-byte types packed. Empty: count 0.
// Without an `owner` the memory is the caller's and must outlive the build (engine.md 1.1); a plan's weights all have
// one.
struct Weights {
  DType dtype = DType::kFloat32;
  int64_t count = 0;
  const void* data = nullptr;
  std::shared_ptr<const void> owner;
  std::string name;  // what refit sees; empty if unnamed

  bool empty() const { return count == 0; }
  int64_t bytes() const { return bytes_of(dtype, count); }
};

}  // namespace torchtrt::engine

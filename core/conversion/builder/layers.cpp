// Names of layers, and layers that could not be added.
#include "core/conversion/builder.h"
#include "core/util/error.h"

namespace torchtrt::conversion {

void Builder::enter(std::string name, std::string where) {
  prefix_ = std::move(name);
  where_ = std::move(where);
}

void Builder::refuse_null(const void* layer, const char* what) const {
  TORCHTRT_REQUIRE(kInvalidConfig, layer, "The network refuses a ", what, " layer for ", prefix_, "\n  at ", where_,
                   "\n  The engine's own message says why.");
}

void Builder::name(nvinfer1::ILayer& layer, const char* what) {
  const std::string base = join(prefix_, "/", what);
  const int count = used_names_[base]++;
  layer.setName(count == 0 ? base.c_str() : join(base, "_", count).c_str());
  layer.setMetadata(where_.c_str());
}

Tensor Builder::out(nvinfer1::ILayer& layer, at::ScalarType dtype, int index) {
  nvinfer1::ITensor* itensor = layer.getOutput(index);
  refuse_null(itensor, layer.getName());
  return {itensor, dtype};
}

}  // namespace torchtrt::conversion

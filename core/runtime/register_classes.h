// torch.classes.tensorrt.Engine and RuntimeCacheHandle.
#pragma once

#include <torch/library.h>

namespace torchtrt::runtime {

void register_classes(torch::Library& m);

}  // namespace torchtrt::runtime

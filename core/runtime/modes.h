// Modes of the whole process, as torch.ops.tensorrt.get_*/set_* show them.
#pragma once

#include <cstdint>

namespace torchtrt::runtime {

// Note [CUDA graphs]: the mode is kept here, recording and replay belong to the Python module that holds the engine.
// Without CUDA the mode has no effect.
enum class CudaGraphsMode : int64_t { kStandard = 0, kSubgraph = 1, kWholeGraph = 2 };

bool multi_device_safe_mode();
void set_multi_device_safe_mode(bool on);
CudaGraphsMode cudagraphs_mode();
// Throws Error for a number outside 0 to 2.
void set_cudagraphs_mode(int64_t mode);

}  // namespace torchtrt::runtime

// Modes of the whole process.
#include "core/runtime/modes.h"

#include <atomic>

#include "core/util/error.h"

namespace torchtrt::runtime {
namespace {

std::atomic<bool> multi_device_safe{false};
std::atomic<int64_t> cudagraphs{0};

}  // namespace

bool multi_device_safe_mode() { return multi_device_safe; }

void set_multi_device_safe_mode(bool on) { multi_device_safe = on; }

CudaGraphsMode cudagraphs_mode() { return static_cast<CudaGraphsMode>(cudagraphs.load()); }

void set_cudagraphs_mode(int64_t mode) {
  TORCHTRT_REQUIRE(kInvalidArgument, mode >= 0 && mode <= 2, "CUDA graphs mode ", mode,
                   " does not exist; 0 is standard, 1 per engine, 2 whole graph.");
  cudagraphs = mode;
}

}  // namespace torchtrt::runtime

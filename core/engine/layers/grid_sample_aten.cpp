// GridSample: torch's own, in float32.
#include <ATen/Functions.h>

#include "core/engine/layers/grid_sample.h"
#include "core/engine/layers/kernel_result.h"
#include "core/engine/layers/move_aten.h"

namespace torchtrt::engine {
namespace {

// Numbers of torch's enumerations.
int64_t interpolation_of(InterpolationMode mode) {
  constexpr int64_t kBilinear = 0, kNearest = 1, kBicubic = 2;
  if (mode == InterpolationMode::kNearest) return kNearest;
  return mode == InterpolationMode::kCubic ? kBicubic : kBilinear;
}

int64_t padding_of(SampleMode mode) {
  constexpr int64_t kZeros = 0, kBorder = 1, kReflection = 2;
  if (mode == SampleMode::kClamp) return kBorder;
  return mode == SampleMode::kReflect ? kReflection : kZeros;
}

}  // namespace

void run(const GridSample& op, Call& call) {
  if (call.out_shape(0).volume() == 0) return call.set(0, output_of(call, 0, call.in(0).scalar_type()));
  deliver(call, at::grid_sampler(widen(call.in(0)), widen(call.in(1)), interpolation_of(op.interpolation),
                                 padding_of(op.sample_mode), op.align_corners));
}
TORCHTRT_KERNEL(GridSample)

}  // namespace torchtrt::engine

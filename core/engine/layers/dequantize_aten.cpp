// Dequantize on tensors.
#include <ATen/Functions.h>

#include "core/engine/layers/dequantize.h"
#include "core/engine/layers/kernel_result.h"
#include "core/engine/layers/quantization.h"
#include "core/engine/layers/quantization_aten.h"

namespace torchtrt::engine {

void run(const Dequantize& op, Call& call) {
  const Shape shape = call.in_shape(0);
  const Blocks blocks = blocks_of(shape, scale_grid(shape, call.in_shape(1), op.axis, op.block_shape));
  const at::Tensor scale = call.in(1).to(at::kFloat).reshape(blocks.scale);
  at::Tensor values = decode(unpacked_input(call, 0), call.in_type(0)).reshape(blocks.data);
  deliver(call, values.mul_(scale).reshape(call.out_sizes(0)));
}
TORCHTRT_PACKED_KERNEL(Dequantize);

}  // namespace torchtrt::engine

// Quantize on tensors.
#include <ATen/Functions.h>

#include "core/engine/layers/quantization.h"
#include "core/engine/layers/quantization_aten.h"
#include "core/engine/layers/quantize.h"

namespace torchtrt::engine {

void run(const Quantize& op, Call& call) {
  const Shape shape = call.in_shape(0);
  const Blocks blocks = blocks_of(shape, scale_grid(shape, call.in_shape(1), op.axis, op.block_shape));
  const at::Tensor scale = call.in(1).to(at::kFloat).reshape(blocks.scale);
  const at::Tensor values = at::div(call.in(0).to(at::kFloat).reshape(blocks.data), scale);
  deliver_codes(call, encode(values, op.to_type).reshape(call.out_sizes(0)));
}
TORCHTRT_PACKED_KERNEL(Quantize);

}  // namespace torchtrt::engine

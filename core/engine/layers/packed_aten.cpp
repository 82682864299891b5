// Packing and unpacking, and the detour of kernels that know nothing of packed tensors.
#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>

#include "core/engine/layers/packed.h"

namespace torchtrt::engine {

at::Tensor unpack(const at::Tensor& packed, const Shape& shape) {
  const int64_t count = shape.volume();
  at::Tensor codes = at::empty({packed.numel(), 2}, packed.options());
  at::Tensor low = codes.select(1, 0), high = codes.select(1, 1);
  at::bitwise_and_out(low, packed, 15);
  at::bitwise_right_shift_out(high, packed, 4);
  return codes.view(-1).narrow(0, 0, count).view(c10::IntArrayRef(shape.begin(), shape.end()));
}

at::Tensor pack(const at::Tensor& codes) {
  at::Tensor flat = codes.reshape(-1);
  if (flat.numel() % 2 != 0) flat = at::constant_pad_nd(flat, {0, 1});
  const at::Tensor pairs = flat.view({-1, 2});
  return at::bitwise_left_shift(pairs.select(1, 1), 4).bitwise_or_(pairs.select(1, 0));
}

at::Tensor unpacked_input(const Call& call, int i) {
  return call.is_packed() && is_packed(call.in_type(i)) ? unpack(call.in(i), call.in_shape(i)) : call.in(i);
}

void deliver_packed(Call& call, const at::Tensor& codes, int i) {
  const at::Tensor packed = pack(codes);
  if (!call.dest(i).defined()) return call.set(i, packed);
  at::Tensor dest = call.dest(i);
  dest.copy_(packed, /*non_blocking=*/true);
  call.set(i, std::move(dest));
}

void deliver_reshaped(Call& call) {
  call.set(0, call.is_packed() ? call.in(0) : call.in(0).reshape(call.out_sizes(0)));
}

void run_unpacked(const Layer& layer, Call& call, KernelFunction kernel) {
  std::vector<at::Tensor> codes(call.size()), results;
  std::vector<const at::Tensor*> inputs;
  std::vector<const HostValue*> values;
  std::vector<Shape> shapes;
  std::vector<DType> types;
  for (int i = 0; i < call.size(); ++i) {
    if (call.has(i)) codes[i] = unpacked_input(call, i);
    inputs.push_back(call.has(i) ? &codes[i] : nullptr);
    values.push_back(call.value(i));
  }
  for (int i = 0; i < call.result_count(); ++i) {
    const bool packed = is_packed(call.out_type(i));
    results.push_back(packed ? at::Tensor() : call.dest(i));
    types.push_back(packed ? DType::kUInt8 : call.out_type(i));
    shapes.push_back(call.out_shape(i));
  }
  Call plain(inputs, results, shapes, values, types, call.device());
  kernel(layer, plain);
  for (int i = 0; i < call.result_count(); ++i) {
    if (is_packed(call.out_type(i))) {
      deliver_packed(call, results[i], i);
    } else {
      call.set(i, results[i]);
    }
  }
}

}  // namespace torchtrt::engine

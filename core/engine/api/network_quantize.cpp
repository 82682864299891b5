// Network: add functions of layers that quantize and dequantize.
#include "core/engine/api/network.h"
#include "core/engine/api/shells/quantization.h"

namespace torchtrt::engine::api {

nv::IQuantizeLayer* Network::addQuantize(nv::ITensor& input, nv::ITensor& scale) noexcept {
  return addQuantizeV2(input, scale, nv::DataType::kINT8);
}

nv::IQuantizeLayer* Network::addQuantizeV2(nv::ITensor& input, nv::ITensor& scale, nv::DataType type) noexcept {
  return add<QuantizeShell>(
      "INetworkDefinition::addQuantize",
      [&] {
        return Quantize{ours(type), -1, {}};
      },
      input, scale);
}

// The result has the type of the scale, where that is a type it can have.
nv::IDequantizeLayer* Network::addDequantize(nv::ITensor& input, nv::ITensor& scale) noexcept {
  return add<DequantizeShell>(
      "INetworkDefinition::addDequantize",
      [&] {
        const DType type = graph_.stale_value(id_of(scale)).dtype;
        return Dequantize{is_floating(type) ? type : DType::kFloat32, -1, {}};
      },
      input, scale);
}

nv::IDequantizeLayer* Network::addDequantizeV2(nv::ITensor& input, nv::ITensor& scale, nv::DataType type) noexcept {
  return add<DequantizeShell>(
      "INetworkDefinition::addDequantize",
      [&] {
        return Dequantize{ours(type), -1, {}};
      },
      input, scale);
}

nv::IDynamicQuantizeLayer* Network::addDynamicQuantize(nv::ITensor& input, int32_t axis, int32_t block_size,
                                                       nv::DataType type, nv::DataType scale_type) noexcept {
  return add<DynamicQuantizeShell>(
      "INetworkDefinition::addDynamicQuantize",
      [&] {
        const int64_t size = DynamicQuantizeShell::checked_block_size(block_size);
        return DynamicQuantize{ours(type), ours(scale_type), axis, size, {}};
      },
      input);
}

nv::IDynamicQuantizeLayer* Network::addDynamicQuantizeV2(nv::ITensor& input, const nv::Dims& block_shape,
                                                         nv::DataType type, nv::DataType scale_type) noexcept {
  return add<DynamicQuantizeShell>(
      "INetworkDefinition::addDynamicQuantizeV2",
      [&] {
        return DynamicQuantize{ours(type), ours(scale_type), -1, 16, checked_block_shape(block_shape)};
      },
      input);
}

}  // namespace torchtrt::engine::api

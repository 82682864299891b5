// Tensor: ITensor over a value of a network's graph.
#pragma once

#include <NvInfer.h>

#include <optional>
#include <string>
#include <vector>

#include "core/engine/api/majors.h"
#include "core/engine/graph/graph.h"

namespace torchtrt::engine::api {

namespace nv = nvinfer1;
class Network;

// Owned by its network. Strings it returns stay valid until the name changes.
class Tensor final : public nv::ITensor, public nv::apiv::VTensor {
 public:
  Tensor(Network& network, ValueId id);

  Network& network() const { return network_; }
  ValueId id() const { return id_; }
  // Of a layer's output; in strongly typed networks the inferred type only. Throws where the type is not possible.
  void set_output_type(DType type);
  void reset_output_type();
  bool output_type_is_set() const { return type_is_set_; }

  void setName(const char* name) noexcept override;
  const char* getName() const noexcept override;
  void setDimensions(const nv::Dims& dimensions) noexcept override;
  nv::Dims getDimensions() const noexcept override;
  void setType(nv::DataType type) noexcept TORCHTRT_OVERRIDE_10;
  nv::DataType getType() const noexcept override;
  bool setDynamicRange(float min, float max) noexcept TORCHTRT_OVERRIDE_10;
  bool isNetworkInput() const noexcept override;
  bool isNetworkOutput() const noexcept override;
  void setBroadcastAcrossBatch(bool broadcast) noexcept override;
  bool getBroadcastAcrossBatch() const noexcept override { return false; }
  nv::TensorLocation getLocation() const noexcept override;
  void setLocation(nv::TensorLocation location) noexcept override;
  bool dynamicRangeIsSet() const noexcept TORCHTRT_OVERRIDE_10 { return range_.has_value(); }
  void resetDynamicRange() noexcept TORCHTRT_OVERRIDE_10 { range_.reset(); }
  float getDynamicRangeMin() const noexcept TORCHTRT_OVERRIDE_10;
  float getDynamicRangeMax() const noexcept TORCHTRT_OVERRIDE_10;
  void setAllowedFormats(nv::TensorFormats formats) noexcept override;
  nv::TensorFormats getAllowedFormats() const noexcept override;
  bool isShapeTensor() const noexcept override;
  bool isExecutionTensor() const noexcept override;
  void setDimensionName(int32_t index, const char* name) noexcept override;
  const char* getDimensionName(int32_t index) const noexcept override;

 private:
  const Value& value() const;

  Network& network_;
  ValueId id_;
  bool type_is_set_ = false;
  std::optional<std::pair<float, float>> range_;
  mutable std::string name_;                    // as last returned
  mutable std::vector<std::string> dim_names_;  // as last returned
};

}  // namespace torchtrt::engine::api

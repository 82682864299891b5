// Tensor: properties of a value, as far as the user may set them.
#include "core/engine/api/tensor.h"

#include <algorithm>
#include <cmath>

#include "core/engine/api/network.h"
#include "core/engine/api/twins.h"

namespace torchtrt::engine::api {
namespace {

constexpr nv::TensorFormats kAllFormats = (1u << nv::EnumMax<nv::TensorFormat>()) - 1;
constexpr size_t kLongestName = 4096;

}  // namespace

Tensor::Tensor(Network& network, ValueId id) : network_(network), id_(id) { mImpl = this; }

// Name, type and producer are right; the shape is brought up to date by getDimensions only.
const Value& Tensor::value() const { return network_.graph().stale_value(id_); }

void Tensor::setName(const char* name) noexcept {
  network_.report().attempt("ITensor::setName", [&] {
    TORCHTRT_REQUIRE(kInvalidArgument, name && std::string_view(name).size() <= kLongestName,
                     "a tensor's name is a string of at most ", kLongestName, " bytes");
    network_.graph().set_value_name(id_, name);
  });
}

const char* Tensor::getName() const noexcept {
  return network_.report().guard("ITensor::getName", "", [&] {
    if (const auto& name = value().name; name != name_) name_ = name;
    return name_.c_str();
  });
}

void Tensor::setDimensions(const nv::Dims& dimensions) noexcept {
  network_.report().attempt("ITensor::setDimensions", [&] {
    TORCHTRT_REQUIRE(kInvalidArgument, isNetworkInput(), "tensor ", value().name,
                     " is not a network input: its dimensions follow from its layer");
    network_.graph().set_input_shape(id_, shape_of(dimensions));
  });
}

nv::Dims Tensor::getDimensions() const noexcept {
  return network_.report().guard("ITensor::getDimensions", no_dims(),
                                 [&] { return dims_of(network_.graph().value(id_).shape); });
}

void Tensor::setType(nv::DataType type) noexcept {
  network_.report().attempt("ITensor::setType", [&] {
    if (isNetworkInput()) return network_.graph().set_input_dtype(id_, ours(type));
    set_output_type(ours(type));
  });
}

void Tensor::set_output_type(DType type) {
  network_.graph().set_output_dtype(id_, type);
  type_is_set_ = true;
}

void Tensor::reset_output_type() {
  if (!type_is_set_) return;
  Graph& graph = network_.graph();
  graph.set_output_dtype(id_, graph.inferred_types(value().producer).at(static_cast<size_t>(value().output_index)));
  graph.mutable_value(id_).retyped = false;
  type_is_set_ = false;
}

nv::DataType Tensor::getType() const noexcept {
  return network_.report().guard("ITensor::getType", nv::DataType::kFLOAT, [&] { return theirs(value().dtype); });
}

bool Tensor::setDynamicRange(float min, float max) noexcept {
  return network_.report().attempt("ITensor::setDynamicRange", [&] {
    TORCHTRT_REQUIRE(kInvalidArgument, !network_.graph().strongly_typed(), "tensor ", value().name,
                     ": dynamic ranges are for weakly typed networks; use Quantize and Dequantize layers");
    TORCHTRT_REQUIRE(kInvalidArgument, std::isfinite(min) && std::isfinite(max) && min <= max, "dynamic range [", min,
                     ", ", max, "] is not a finite interval");
    range_.emplace(min, max);
  });
}

bool Tensor::isNetworkInput() const noexcept {
  return network_.report().guard("ITensor::isNetworkInput", false, [&] {
    const auto& inputs = network_.graph().inputs();
    return value().producer == kNoId && std::find(inputs.begin(), inputs.end(), id_) != inputs.end();
  });
}

bool Tensor::isNetworkOutput() const noexcept {
  return network_.report().guard("ITensor::isNetworkOutput", false, [&] { return network_.is_output(id_); });
}

void Tensor::setBroadcastAcrossBatch(bool) noexcept {
  network_.report().warn("ITensor::setBroadcastAcrossBatch has no effect: there is no implicit batch dimension");
}

nv::TensorLocation Tensor::getLocation() const noexcept {
  return isShapeTensor() ? nv::TensorLocation::kHOST : nv::TensorLocation::kDEVICE;
}

void Tensor::setLocation(nv::TensorLocation) noexcept {
  network_.report().warn("ITensor::setLocation has no effect: the builder decides where a tensor is computed");
}

float Tensor::getDynamicRangeMin() const noexcept { return range_ ? range_->first : std::nanf(""); }

float Tensor::getDynamicRangeMax() const noexcept { return range_ ? range_->second : std::nanf(""); }

void Tensor::setAllowedFormats(nv::TensorFormats formats) noexcept {
  network_.report().attempt("ITensor::setAllowedFormats", [&] {
    TORCHTRT_REQUIRE(kInvalidArgument, formats != 0 && (formats & ~kAllFormats) == 0, "tensor ", value().name,
                     ": format mask ", formats, " names no format, or formats that do not exist");
    network_.graph().mutable_value(id_).allowed_formats = formats;
  });
}

nv::TensorFormats Tensor::getAllowedFormats() const noexcept {
  return network_.report().guard("ITensor::getAllowedFormats", kAllFormats, [&] {
    const auto formats = value().allowed_formats;
    return formats ? formats : kAllFormats;
  });
}

bool Tensor::isShapeTensor() const noexcept {
  return network_.report().guard("ITensor::isShapeTensor", false, [&] { return network_.uses_of(id_).value; });
}

bool Tensor::isExecutionTensor() const noexcept {
  return network_.report().guard("ITensor::isExecutionTensor", true, [&] { return network_.uses_of(id_).elements; });
}

void Tensor::setDimensionName(int32_t index, const char* name) noexcept {
  network_.report().attempt("ITensor::setDimensionName", [&] {
    TORCHTRT_REQUIRE(kInvalidArgument, isNetworkInput(), "tensor ", value().name,
                     " is not a network input: only inputs have named dimensions");
    TORCHTRT_REQUIRE(kInvalidArgument, value().shape.has_axis(index), "tensor ", value().name, " has no dimension ",
                     index, "; its shape is ", value().shape);
    auto& names = network_.graph().mutable_value(id_).dim_names;
    names.resize(static_cast<size_t>(value().shape.rank()));
    names[static_cast<size_t>(index)] = name ? name : "";
  });
}

const char* Tensor::getDimensionName(int32_t index) const noexcept {
  return network_.report().guard("ITensor::getDimensionName", static_cast<const char*>(nullptr), [&] {
    const auto& names = value().dim_names;
    const auto i = static_cast<size_t>(index);
    if (index < 0 || i >= names.size() || names[i].empty()) return static_cast<const char*>(nullptr);
    if (dim_names_ != names) dim_names_ = names;
    return dim_names_[i].c_str();
  });
}

}  // namespace torchtrt::engine::api

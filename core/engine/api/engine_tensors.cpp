// CudaEngine: what it tells of its inputs and outputs.
#include <array>

#include "core/engine/api/engine.h"
#include "core/engine/api/twins.h"

namespace torchtrt::engine::api {
namespace {

// Part of "Row major linear FP32 format (kLINEAR)"; by DataType.
constexpr const char* kFormatNames[] = {
    "Row major linear FP32 format (kLINEAR)",  "Row major linear FP16 format (kLINEAR)",
    "Row major linear INT8 format (kLINEAR)",  "Row major linear INT32 format (kLINEAR)",
    "Row major linear BOOL format (kLINEAR)",  "Row major linear UINT8 format (kLINEAR)",
    "Row major linear FP8 format (kLINEAR)",   "Row major linear BF16 format (kLINEAR)",
    "Row major linear INT64 format (kLINEAR)", "Row major linear INT4 format (kLINEAR)",
    "Row major linear FP4 format (kLINEAR)",   "Row major linear E8M0 format (kLINEAR)"};
static_assert(std::ssize(kFormatNames) == nv::EnumMax<nv::DataType>());

template <class T>
const T* at(const std::optional<T>& min, const std::optional<T>& opt, const std::optional<T>& max,
            nv::OptProfileSelector select) {
  const std::array<const std::optional<T>*, 3> lists = {&min, &opt, &max};
  const auto i = static_cast<size_t>(select);
  return i < lists.size() && *lists[i] ? &**lists[i] : nullptr;
}

}  // namespace

nv::Dims strides_of(const Shape& shape) {
  if (!shape.is_valid() || !shape.is_known()) return no_dims();
  nv::Dims strides = dims_of(shape);
  int64_t stride = 1;
  for (int axis = shape.rank() - 1; axis >= 0; --axis) {
    strides.d[axis] = stride;
    stride *= shape[axis];
  }
  return strides;
}

const Binding* CudaEngine::find(const char* name) const {
  const Binding* binding = name ? plan().find(name) : nullptr;
  if (!binding)
    report_.error("ICudaEngine", nv::ErrorCode::kINVALID_ARGUMENT,
                  join("there is no input or output \"", name ? name : "(null)", '"'));
  return binding;
}

const char* CudaEngine::getIOTensorName(int32_t index) const noexcept {
  if (index >= 0 && index < getNbIOTensors()) return plan().bindings[static_cast<size_t>(index)].name.c_str();
  report_.error("ICudaEngine::getIOTensorName", nv::ErrorCode::kINVALID_ARGUMENT,
                join("index ", index, ", the engine has ", getNbIOTensors(), " inputs and outputs"));
  return nullptr;
}

nv::Dims CudaEngine::getTensorShape(const char* name) const noexcept {
  return report_.guard("ICudaEngine::getTensorShape", no_dims(), [&] {
    const Binding* binding = find(name);
    return binding ? dims_of(binding->shape) : no_dims();
  });
}

nv::DataType CudaEngine::getTensorDataType(const char* name) const noexcept {
  return report_.guard("ICudaEngine::getTensorDataType", nv::DataType::kFLOAT, [&] {
    const Binding* binding = find(name);
    return binding ? theirs(binding->dtype) : nv::DataType::kFLOAT;
  });
}

nv::TensorLocation CudaEngine::getTensorLocation(const char* name) const noexcept {
  const Binding* binding = find(name);
  return binding && binding->on_host ? nv::TensorLocation::kHOST : nv::TensorLocation::kDEVICE;
}

bool CudaEngine::isShapeInferenceIO(const char* name) const noexcept {
  const Binding* binding = find(name);
  return binding && binding->shape_inference;
}

nv::TensorIOMode CudaEngine::getTensorIOMode(const char* name) const noexcept {
  const Binding* binding = name ? plan().find(name) : nullptr;
  if (!binding) return nv::TensorIOMode::kNONE;
  return binding->is_input ? nv::TensorIOMode::kINPUT : nv::TensorIOMode::kOUTPUT;
}

int32_t CudaEngine::getTensorBytesPerComponent(const char* name) const noexcept {
  return report_.guard("ICudaEngine::getTensorBytesPerComponent", -1, [&] {
    const Binding* binding = find(name);
    return binding ? static_cast<int32_t>(bytes_of(binding->dtype, 1)) : -1;
  });
}

int32_t CudaEngine::getTensorBytesPerComponentV2(const char* name, int32_t) const noexcept {
  return getTensorBytesPerComponent(name);
}

int32_t CudaEngine::getTensorComponentsPerElement(const char* name) const noexcept { return find(name) ? 1 : -1; }

int32_t CudaEngine::getTensorComponentsPerElementV2(const char* name, int32_t) const noexcept {
  return getTensorComponentsPerElement(name);
}

const char* CudaEngine::getTensorFormatDesc(const char* name) const noexcept {
  if (!find(name)) return "";
  return kFormatNames[static_cast<size_t>(getTensorDataType(name))];
}

const char* CudaEngine::getTensorFormatDescV2(const char* name, int32_t) const noexcept {
  return getTensorFormatDesc(name);
}

const InputRange* CudaEngine::range_of(const char* name, int32_t profile) const {
  TORCHTRT_REQUIRE(kInvalidArgument, profile >= 0 && profile < getNbOptimizationProfiles(), "profile ", profile,
                   "; the engine has ", getNbOptimizationProfiles());
  const InputRange* range = name ? plan().profiles[static_cast<size_t>(profile)].find(name) : nullptr;
  TORCHTRT_REQUIRE(kInvalidArgument, range, '"', name ? name : "(null)", "\" is not an input of the engine");
  return range;
}

nv::Dims CudaEngine::getProfileShape(const char* name, int32_t profile, nv::OptProfileSelector select) const noexcept {
  return report_.guard("ICudaEngine::getProfileShape", no_dims(), [&] {
    const InputRange* range = range_of(name, profile);
    const Shape* shape = at(range->min, range->opt, range->max, select);
    return shape ? dims_of(*shape) : no_dims();
  });
}

const int64_t* CudaEngine::getProfileTensorValuesV2(const char* name, int32_t profile,
                                                    nv::OptProfileSelector select) const noexcept {
  return report_.guard("ICudaEngine::getProfileTensorValuesV2", static_cast<const int64_t*>(nullptr), [&] {
    const InputRange* range = range_of(name, profile);
    const auto* values = at(range->min_values, range->opt_values, range->max_values, select);
    return values ? values->data() : nullptr;
  });
}

const int32_t* CudaEngine::getProfileTensorValues(const char* name, int32_t profile,
                                                  nv::OptProfileSelector select) const noexcept {
  return report_.guard("ICudaEngine::getProfileTensorValues", static_cast<const int32_t*>(nullptr), [&] {
    const InputRange* range = range_of(name, profile);
    const auto* values = at(range->min_values, range->opt_values, range->max_values, select);
    if (!values) return static_cast<const int32_t*>(nullptr);
    auto& narrow = narrow_values_[values];
    if (narrow.empty()) narrow.assign(values->begin(), values->end());
    return static_cast<const int32_t*>(narrow.data());
  });
}

}  // namespace torchtrt::engine::api

// CudaEngine: what it tells of its inputs and outputs.
#include <algorithm>
#include <array>

#include "core/engine/api/engine.h"
#include "core/engine/api/twins.h"
#include "core/engine/plan/aliases.h"
#include "core/engine/plan/body.h"

namespace torchtrt::engine::api {
namespace {

// Names of types in descriptions of formats, by DataType.
constexpr const char* kTypeTexts[] = {"FP32", "FP16", "INT8",  "INT32", "BOOL", "UINT8",
                                      "FP8",  "BF16", "INT64", "INT4",  "FP4",  "E8M0"};
static_assert(std::ssize(kTypeTexts) == nv::EnumMax<nv::DataType>());

template <class T>
const T* at(const std::optional<T>& min, const std::optional<T>& opt, const std::optional<T>& max,
            nv::OptProfileSelector select) {
  const std::array<const std::optional<T>*, 3> lists = {&min, &opt, &max};
  const auto i = static_cast<size_t>(select);
  TORCHTRT_REQUIRE(kInvalidArgument, i < lists.size(), "OptProfileSelector ", static_cast<int>(select),
                   " does not exist");
  return *lists[i] ? &**lists[i] : nullptr;
}

}  // namespace

// "Row major linear FP32 format (kLINEAR)"
std::string format_text(Format format, DType dtype) {
  std::string text = row_of(format).text;
  text.replace(text.find("%s"), 2, kTypeTexts[static_cast<size_t>(theirs(dtype))]);
  return join(text, " (", row_of(format).name, ')');
}

const Binding* CudaEngine::binding(const char* name) const {
  const auto found = std::find_if(about_.bindings.begin(), about_.bindings.end(),
                                  [&](const Binding& b) { return name && b.name == name; });
  return found == about_.bindings.end() ? nullptr : &*found;
}

const Binding* CudaEngine::find(const char* function, const char* name) const {
  const Binding* binding = this->binding(name);
  if (!binding)
    report_.error(function, nv::ErrorCode::kINVALID_ARGUMENT,
                  join("there is no input or output \"", name ? name : "(null)", '"'));
  return binding;
}

const Binding* CudaEngine::find(const char* function, const char* name, int32_t profile) const {
  if (profile >= 0 && profile < getNbOptimizationProfiles()) return find(function, name);
  report_.error(function, nv::ErrorCode::kINVALID_ARGUMENT,
                join("profile ", profile, "; the engine has ", getNbOptimizationProfiles()));
  return nullptr;
}

// Formats are the same in every profile here; who asks without naming one may not know that.
void CudaEngine::expect_one_profile(const char* function) const {
  if (getNbOptimizationProfiles() > 1)
    report_.warn(join(function, " answers for optimization profile 0; the engine has ", getNbOptimizationProfiles()));
}

const char* CudaEngine::getIOTensorName(int32_t index) const noexcept {
  if (index >= 0 && index < getNbIOTensors()) return about_.bindings[static_cast<size_t>(index)].name.c_str();
  report_.error("ICudaEngine::getIOTensorName", nv::ErrorCode::kINVALID_ARGUMENT,
                join("index ", index, ", the engine has ", getNbIOTensors(), " inputs and outputs"));
  return nullptr;
}

nv::Dims CudaEngine::getTensorShape(const char* name) const noexcept {
  const Binding* binding = find("ICudaEngine::getTensorShape", name);
  return binding ? dims_of(binding->shape) : no_dims();
}

nv::DataType CudaEngine::getTensorDataType(const char* name) const noexcept {
  return report_.guard("ICudaEngine::getTensorDataType", nv::DataType::kFLOAT, [&] {
    const Binding* binding = find("ICudaEngine::getTensorDataType", name);
    return binding ? theirs(binding->dtype) : nv::DataType::kFLOAT;
  });
}

nv::TensorLocation CudaEngine::getTensorLocation(const char* name) const noexcept {
  const Binding* binding = find("ICudaEngine::getTensorLocation", name);
  return binding && binding->on_host ? nv::TensorLocation::kHOST : nv::TensorLocation::kDEVICE;
}

bool CudaEngine::isShapeInferenceIO(const char* name) const noexcept {
  const Binding* binding = find("ICudaEngine::isShapeInferenceIO", name);
  return binding && binding->shape_inference;
}

nv::TensorIOMode CudaEngine::getTensorIOMode(const char* name) const noexcept {
  const Binding* binding = this->binding(name);
  if (!binding) return nv::TensorIOMode::kNONE;
  return binding->is_input ? nv::TensorIOMode::kINPUT : nv::TensorIOMode::kOUTPUT;
}

// ---- formats

int32_t CudaEngine::getTensorBytesPerComponentV2(const char* name, int32_t profile) const noexcept {
  const Binding* binding = find("ICudaEngine::getTensorBytesPerComponent", name, profile);
  return binding ? static_cast<int32_t>(bytes_of(binding->dtype, 1)) : -1;
}

int32_t CudaEngine::getTensorComponentsPerElementV2(const char* name, int32_t profile) const noexcept {
  const Binding* binding = find("ICudaEngine::getTensorComponentsPerElement", name, profile);
  return binding ? row_of(binding->format).vector : -1;
}

nv::TensorFormat CudaEngine::getTensorFormatV2(const char* name, int32_t profile) const noexcept {
  const Binding* binding = find("ICudaEngine::getTensorFormat", name, profile);
  return binding ? theirs(binding->format) : nv::TensorFormat::kLINEAR;
}

const char* CudaEngine::getTensorFormatDescV2(const char* name, int32_t profile) const noexcept {
  return report_.guard("ICudaEngine::getTensorFormatDesc", "", [&] {
    const Binding* binding = find("ICudaEngine::getTensorFormatDesc", name, profile);
    if (!binding) return "";
    const std::scoped_lock lock(caches_);
    return format_texts_.try_emplace(name, format_text(binding->format, binding->dtype)).first->second.c_str();
  });
}

int32_t CudaEngine::getTensorVectorizedDimV2(const char* name, int32_t profile) const noexcept {
  const Binding* binding = find("ICudaEngine::getTensorVectorizedDim", name, profile);
  return binding && row_of(binding->format).vector > 1 ? channel_axis(binding->format, binding->shape.rank()) : -1;
}

int32_t CudaEngine::getTensorBytesPerComponent(const char* name) const noexcept {
  expect_one_profile("ICudaEngine::getTensorBytesPerComponent");
  return getTensorBytesPerComponentV2(name, 0);
}

int32_t CudaEngine::getTensorComponentsPerElement(const char* name) const noexcept {
  expect_one_profile("ICudaEngine::getTensorComponentsPerElement");
  return getTensorComponentsPerElementV2(name, 0);
}

nv::TensorFormat CudaEngine::getTensorFormat(const char* name) const noexcept {
  expect_one_profile("ICudaEngine::getTensorFormat");
  return getTensorFormatV2(name, 0);
}

const char* CudaEngine::getTensorFormatDesc(const char* name) const noexcept {
  expect_one_profile("ICudaEngine::getTensorFormatDesc");
  return getTensorFormatDescV2(name, 0);
}

int32_t CudaEngine::getTensorVectorizedDim(const char* name) const noexcept {
  expect_one_profile("ICudaEngine::getTensorVectorizedDim");
  return getTensorVectorizedDimV2(name, 0);
}

// ---- debug tensors

bool CudaEngine::isDebugTensor(const char* name) const noexcept {
  return report_.guard("ICudaEngine::isDebugTensor", false, [&] { return name && debug_tensors().contains(name); });
}

// Those inside loops and conditionals too.
std::set<std::string, std::less<>> CudaEngine::debug_tensors() const {
  std::set<std::string, std::less<>> names;
  const auto now = plan();
  visit_graphs(now->graph, [&](const Graph& graph) {
    for (const ValueId id : graph.debug_values()) names.insert(graph.stale_value(id).name);
  });
  return names;
}

// ---- profiles

const InputRange* CudaEngine::range_of(const char* name, int32_t profile) const {
  TORCHTRT_REQUIRE(kInvalidArgument, profile >= 0 && profile < getNbOptimizationProfiles(), "profile ", profile,
                   "; the engine has ", getNbOptimizationProfiles());
  const InputRange* range = name ? about_.profiles[static_cast<size_t>(profile)].find(name) : nullptr;
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
    const std::scoped_lock lock(caches_);
    auto& narrow = narrow_values_[values];
    for (const int64_t value : *values)
      TORCHTRT_REQUIRE(kUnsupported, static_cast<int32_t>(value) == value, "value ", value, " of \"", name,
                       "\" is no int32; ask getProfileTensorValuesV2");
    if (narrow.empty()) narrow.assign(values->begin(), values->end());
    return static_cast<const int32_t*>(narrow.data());
  });
}

const char* CudaEngine::getAliasedInputTensor(const char* output) const noexcept {
  return report_.guard("ICudaEngine::getAliasedInputTensor", static_cast<const char*>(nullptr), [&] {
    const Binding* binding = this->binding(output);
    if (!binding) return static_cast<const char*>(nullptr);
    const int input = aliases_of(*plan())[static_cast<size_t>(binding - about_.bindings.data())];
    return input < 0 ? nullptr : about_.bindings[static_cast<size_t>(input)].name.c_str();
  });
}

}  // namespace torchtrt::engine::api

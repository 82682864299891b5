// Binding: reading an engine's inputs and outputs.
#include "core/runtime/binding.h"

#include <algorithm>

#include "core/runtime/traces.h"
#include "core/runtime/types.h"
#include "core/util/error.h"
#include "core/util/span.h"

namespace torchtrt::runtime {
namespace {

using nvinfer1::OptProfileSelector;
using nvinfer1::TensorIOMode;

std::vector<std::string> names_of(const nvinfer1::ICudaEngine& engine, TensorIOMode mode) {
  std::vector<std::string> names;
  for (int32_t i = 0; i < engine.getNbIOTensors(); ++i) {
    const char* name = engine.getIOTensorName(i);
    if (engine.getTensorIOMode(name) == mode) names.emplace_back(name);
  }
  return names;
}

// Every name has to be a binding of that direction, and every binding named.
void check_names(const std::vector<std::string>& told, const std::vector<std::string>& own, const char* what,
                 const std::string& engine_name) {
  std::vector<std::string> a = told, b = own;
  std::sort(a.begin(), a.end());
  std::sort(b.begin(), b.end());
  TORCHTRT_REQUIRE(kInvalidArgument, a == b, "Engine '", engine_name, "': ", what, " names ", list_of(told),
                   " were given, the engine has ", list_of(own),
                   ". Name every binding once, or give none for the engine's own order.");
}

std::vector<Range> ranges_of(const nvinfer1::ICudaEngine& engine, const char* name, const std::vector<int64_t>& dims) {
  std::vector<Range> ranges;
  const int32_t count = std::max(engine.getNbOptimizationProfiles(), 1);
  for (int32_t profile = 0; profile < count; ++profile) {
    Range range{dims, dims};
    const auto min = to_sizes(engine.getProfileShape(name, profile, OptProfileSelector::kMIN));
    const auto max = to_sizes(engine.getProfileShape(name, profile, OptProfileSelector::kMAX));
    for (size_t i = 0; i < dims.size(); ++i) {
      if (dims[i] != -1) continue;
      range.min[i] = min.size() == dims.size() ? min[i] : 0;
      range.max[i] = max.size() == dims.size() ? max[i] : INT64_MAX;
    }
    ranges.push_back(std::move(range));
  }
  return ranges;
}

Binding read_binding(const nvinfer1::ICudaEngine& engine, const std::string& name, bool input) {
  Binding binding;
  binding.name = name;
  binding.dtype = scalar_type_of(engine.getTensorDataType(name.c_str()));
  binding.on_host = engine.getTensorLocation(name.c_str()) == nvinfer1::TensorLocation::kHOST;
  binding.value_shapes = input && engine.isShapeInferenceIO(name.c_str());
  binding.dims = to_sizes(engine.getTensorShape(name.c_str()));
  binding.fixed = std::find(binding.dims.begin(), binding.dims.end(), -1) == binding.dims.end();
  if (input) binding.ranges = ranges_of(engine, name.c_str(), binding.dims);
  return binding;
}

}  // namespace

bool Range::holds(at::IntArrayRef sizes) const {
  if (sizes.size() != min.size()) return false;
  for (size_t i = 0; i < sizes.size(); ++i) {
    if (sizes[i] < min[i] || sizes[i] > max[i]) return false;
  }
  return true;
}

void Binding::forget() {
  shape.clear();
  shape_set = false;
  address = nullptr;
  values.clear();
}

Bindings read_bindings(const nvinfer1::ICudaEngine& engine, EngineInfo& info) {
  const auto resolve = [&](std::vector<std::string>& told, TensorIOMode mode, const char* what) {
    const std::vector<std::string> own = names_of(engine, mode);
    if (told.empty()) told = own;
    check_names(told, own, what, info.name);
  };
  resolve(info.inputs, TensorIOMode::kINPUT, "input");
  resolve(info.outputs, TensorIOMode::kOUTPUT, "output");
  Bindings bindings;
  for (const std::string& name : info.inputs) bindings.inputs.push_back(read_binding(engine, name, true));
  for (const std::string& name : info.outputs) bindings.outputs.push_back(read_binding(engine, name, false));
  return bindings;
}

std::string to_json(const std::vector<Binding>& bindings) {
  std::ostringstream out;
  const auto bounds = [&](const char* key, const std::vector<Range>& ranges, std::vector<int64_t> Range::*bound) {
    out << ", \"" << key << "\": [";
    for (size_t i = 0; i < ranges.size(); ++i) out << (i ? ", " : "") << list_of(ranges[i].*bound);
    out << ']';
  };
  out << '[';
  for (const Binding& binding : bindings) {
    out << (&binding == bindings.data() ? "" : ", ") << "{\"name\": \"" << json_escape(binding.name)
        << "\", \"dtype\": \"" << name_of(binding.dtype) << "\", \"shape\": " << list_of(binding.dims)
        << ", \"host\": " << (binding.on_host ? "true" : "false");
    bounds("min", binding.ranges, &Range::min);
    bounds("max", binding.ranges, &Range::max);
    out << '}';
  }
  out << ']';
  return out.str();
}

std::string describe(const at::Tensor& tensor) {
  return join(name_of(tensor.scalar_type()), " ", list_of(tensor.sizes()));
}

std::string describe(const Binding& binding, int profile) {
  const Range& range = binding.ranges.at(static_cast<size_t>(profile));
  std::string lengths;
  for (size_t i = 0; i < range.min.size(); ++i) {
    if (i > 0) lengths += ", ";
    lengths += std::to_string(range.min[i]);
    if (range.max[i] != range.min[i]) lengths += ".." + std::to_string(range.max[i]);
  }
  return join(name_of(binding.dtype), " [", lengths, "]",
              binding.ranges.size() > 1 ? join(" (profile ", profile, ")") : "");
}

}  // namespace torchtrt::runtime

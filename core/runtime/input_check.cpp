// What is said when an input does not fit an engine.
#include "core/runtime/input_check.h"

#include <c10/core/Layout.h>

#include "core/runtime/types.h"
#include "core/util/error.h"
#include "core/util/span.h"

namespace torchtrt::runtime {
namespace {

// "Input 'x' (argument 0 of engine 'e')"
std::string where(const std::string& engine, const Binding& binding, size_t position) {
  return join("Input '", binding.name, "' (argument ", position, " of engine '", engine, "')");
}

}  // namespace

void throw_count(const std::string& engine, const std::vector<Binding>& inputs, size_t count) {
  std::vector<std::string> names;
  for (const Binding& input : inputs) names.push_back(input.name);
  TORCHTRT_THROW(kInvalidArgument, "Engine '", engine, "' takes ", inputs.size(), " input(s) ", list_of(names),
                 ", got ", count, ". Pass exactly these, in this order.");  // c1
}

void check_tensor(const std::string& engine, const Binding& binding, size_t position, const at::Tensor& tensor,
                  at::Device device) {
  TORCHTRT_REQUIRE(kInvalidArgument, tensor.defined() && tensor.layout() == c10::kStrided,
                   where(engine, binding, position), ": a dense tensor is expected, got ",
                   tensor.defined()
                       ? join("layout ", tensor.layout(), ". Call .to_dense() on it.")
                       : std::string("None. Pass a tensor of the type ") + name_of(binding.dtype) + ".");  // c2
  const bool device_fits = tensor.device() == device || (binding.on_host && tensor.device().is_cpu());
  TORCHTRT_REQUIRE(kInvalidArgument, device_fits, where(engine, binding, position), ": engine runs on ", device,
                   ", got a tensor on ", tensor.device(), ". Move it: .to('", device, "').");  // c3
  TORCHTRT_REQUIRE(kInvalidArgument, tensor.scalar_type() == binding.dtype, where(engine, binding, position),
                   ": engine expects ", name_of(binding.dtype), ", got ", name_of(tensor.scalar_type()),
                   ". Cast it, or rebuild with dtype=torch.", name_of(tensor.scalar_type()), ".");  // c4
  TORCHTRT_REQUIRE(kInvalidArgument, tensor.dim() == static_cast<int64_t>(binding.dims.size()),
                   where(engine, binding, position), ": engine expects ", binding.dims.size(), " axes, ",
                   describe(binding, 0), ", got ", tensor.dim(), ": ", list_of(tensor.sizes()),
                   ". Reshape it, or rebuild for this rank.");  // c5
}

void check_lengths(const std::string& engine, const Binding& binding, size_t position, at::IntArrayRef sizes,
                   int profile) {
  const Range& range = binding.ranges.at(static_cast<size_t>(profile));
  for (size_t axis = 0; axis < sizes.size(); ++axis) {
    TORCHTRT_REQUIRE(kInvalidArgument, binding.dims[axis] == -1 || binding.dims[axis] == sizes[axis],
                     where(engine, binding, position), ": axis ", axis, " is fixed at ", binding.dims[axis],
                     " in the engine, got ", sizes[axis], " in ", list_of(sizes),
                     ". Pass that length, or rebuild with a dynamic shape for this axis.");  // c6
    TORCHTRT_REQUIRE(kInvalidArgument, sizes[axis] >= range.min[axis] && sizes[axis] <= range.max[axis],
                     where(engine, binding, position), ": axis ", axis, " may be ", range.min[axis], " to ",
                     range.max[axis], " in optimization profile ", profile, ", got ", sizes[axis], " in ",
                     list_of(sizes),
                     ". Pass a length in that range, or rebuild with min_shape/max_shape around it.");  // c7
  }
}

}  // namespace torchtrt::runtime

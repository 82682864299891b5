// PointwiseKernel: which form a call takes, and its launch.
#include "core/engine/exec/pointwise_kernel.h"

#include <algorithm>

#include "core/engine/layers/kernel_result.h"

namespace torchtrt::engine {
namespace {

constexpr int64_t kThreads = 256;
constexpr int64_t kBlocksEach = 8;  // for every multiprocessor
constexpr int64_t kMostBytes = 16;  // of one load
constexpr int64_t kNarrow =
    int64_t{1} << 30;  // elements that indices of 32 bits certainly reach, a step further included

int64_t ceiling(int64_t a, int64_t b) { return (a + b - 1) / b; }

}  // namespace

// The widest loads that all addresses are aligned to. Packs do not reach across the end of the last axis.
int PointwiseKernel::width_of(const PointwiseLayout& layout, const Addresses& addresses) const {
  const auto fits = [&](int64_t width) {
    if (layout.lengths.size() > 1 && layout.lengths.back() % width != 0) return false;
    for (size_t i = 0; i < addresses.size(); ++i) {
      const bool input = i < layout.runs.size();
      if (input && !layout.runs[i].back()) continue;
      for (size_t axis = 0; input && axis + 1 < layout.lengths.size(); ++axis)
        if (layout.strides[i][axis] % width != 0) return false;
      const ValueId value = input ? body_.inputs()[i] : body_.outputs()[i - layout.runs.size()];
      const int64_t bytes = width * bytes_of(body_.stale_value(value).dtype, 1);
      if (bytes > kMostBytes || reinterpret_cast<intptr_t>(addresses[i]) % bytes != 0) return false;
    }
    return true;
  };
  int width = static_cast<int>(kMostBytes) / 2;
  while (width > 1 && !fits(width)) width /= 2;
  return width;
}

PointwiseForm PointwiseKernel::form_of(const PointwiseLayout& layout, const Addresses& addresses) const {
  std::vector<char> strided;
  for (size_t i = 0; i < layout.runs.size(); ++i) strided.push_back(!layout.is_dense(i));
  return {layout.runs, std::move(strided), static_cast<int>(layout.lengths.size()), width_of(layout, addresses),
          layout.reach >= kNarrow};
}

std::shared_ptr<const CudaKernel> PointwiseKernel::kernel_of(const PointwiseForm& form) {
  for (const auto& [known, kernel] : kernels_)
    if (known == form) return kernel;
  if (failed_) return nullptr;
  auto kernel = try_cuda_kernel(pointwise_source(body_, form), kPointwiseKernel);
  if (kernel) {
    kernels_.emplace_back(form, kernel);
  } else {
    failed_ = !is_present_stream_captured(present_device());
  }
  return kernel;
}

bool PointwiseKernel::prepare(const Shape& result, std::span<const Shape> inputs) {
  if (!result.is_known() || result.volume() == 0) return false;
  const Addresses aligned(inputs.size() + body_.outputs().size(), nullptr);
  return kernel_of(form_of(layout_of(result, inputs), aligned)) != nullptr;
}

bool PointwiseKernel::run(Call& call) {
  const PointwiseLayout layout = layout_of(call);
  std::vector<at::Tensor> operands;
  std::vector<PointwiseResult> results;
  Addresses addresses;
  for (int i = 0; i < call.size(); ++i) {
    operands.push_back(operand_of(call, i, layout));
    addresses.push_back(const_cast<void*>(operands.back().const_data_ptr()));
  }
  for (int i = 0; i < call.result_count(); ++i) {
    results.push_back(result_of(call, i, layout));
    addresses.push_back(results.back().lines.data_ptr());
  }
  if (layout.volume > 0) {
    const PointwiseForm form = form_of(layout, addresses);
    const std::shared_ptr<const CudaKernel> kernel = kernel_of(form);
    if (!kernel) return false;
    std::vector<int64_t> numbers{layout.volume};
    numbers.insert(numbers.end(), layout.lengths.begin() + 1, layout.lengths.end());
    for (size_t i = 0; i < form.strided.size(); ++i)
      if (form.strided[i]) numbers.insert(numbers.end(), layout.strides[i].begin(), layout.strides[i].end());
    std::vector<void*> arguments;
    for (void*& address : addresses) arguments.push_back(&address);
    for (int64_t& number : numbers) arguments.push_back(&number);
    const int64_t most = kBlocksEach * multiprocessor_count(call.device().index());
    const int64_t blocks = std::clamp<int64_t>(ceiling(layout.volume, kThreads * form.width), 1, most);
    kernel->launch({blocks, 1, 1, kThreads, 1, 1, 0}, arguments, present_stream(call.device()));
  }
  for (int i = 0; i < call.result_count(); ++i) call.set(i, results[static_cast<size_t>(i)].tensor);
  return true;
}

}  // namespace torchtrt::engine

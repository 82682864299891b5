// Layers that move elements: shuffle, slice, concatenation, gather.
#include <algorithm>
#include <numeric>

#include "core/conversion/builder.h"
#include "core/util/error.h"

namespace torchtrt::conversion {
namespace {

bool all_known(const Sizes& sizes) {
  return std::all_of(sizes.begin(), sizes.end(), [](const Dim& size) { return size.is_known(); });
}

nvinfer1::Dims known_dims(const Sizes& sizes) {
  std::vector<int64_t> known;
  for (const Dim& size : sizes) known.push_back(size.known);
  return to_dims(known);
}

}  // namespace

Tensor Builder::reshape(Tensor x, const std::vector<int64_t>& sizes) {
  Sizes dims;
  for (const int64_t size : sizes) dims.push_back({size, nullptr});
  return reshape(x, dims);
}

Tensor Builder::reshape(Tensor x, const Sizes& sizes) {
  auto& layer = added(network_.addShuffle(*x.itensor), "reshape");
  layer.setZeroIsPlaceholder(false);
  const auto open = std::count_if(sizes.begin(), sizes.end(), [](const Dim& size) { return !size.is_known(); });
  const bool inferable =
      std::none_of(sizes.begin(), sizes.end(), [](const Dim& size) { return size.is_known() && size.known <= 0; });
  if (open == 0) {
    layer.setReshapeDimensions(known_dims(sizes));
  } else if (open == 1 && inferable) {  // the rest of the volume: no shape layers at run time
    std::vector<int64_t> dims;
    for (const Dim& size : sizes) dims.push_back(size.is_known() ? size.known : -1);
    layer.setReshapeDimensions(to_dims(dims));
  } else {
    layer.setInput(1, *shape_tensor(sizes));
  }
  return out(layer, x.dtype);
}

Tensor Builder::permute(Tensor x, const std::vector<int64_t>& order) {
  auto& layer = added(network_.addShuffle(*x.itensor), "permute");
  nvinfer1::Permutation permutation{};
  std::copy(order.begin(), order.end(), permutation.order);
  layer.setFirstTranspose(permutation);
  return out(layer, x.dtype);
}

Tensor Builder::unsqueeze(Tensor x, const std::vector<int64_t>& axes) {
  Sizes sizes;
  int from = 0, open = 0;
  const int rank = x.rank() + static_cast<int>(axes.size());
  const auto dims = to_vector(x.itensor->getDimensions());
  for (const int64_t size : dims) open += size < 0;
  for (int axis = 0; axis < rank; ++axis) {
    const bool inserted = std::find(axes.begin(), axes.end(), axis) != axes.end();
    if (open > 1) {
      break;
    } else if (inserted) {
      sizes.push_back({1, nullptr});
    } else {
      sizes.push_back(size(x, from++));
    }
  }
  if (open <= 1) return reshape(x, sizes);
  return out(added(network_.addUnsqueeze(*x.itensor, *index_list(axes)), "unsqueeze"), x.dtype);
}

Tensor Builder::squeeze(Tensor x, const std::vector<int64_t>& axes) {
  if (axes.empty()) return x;
  Sizes sizes;
  for (int axis = 0; axis < x.rank(); ++axis)
    if (std::find(axes.begin(), axes.end(), axis) == axes.end()) sizes.push_back(size(x, axis));
  return reshape(x, sizes);
}

Tensor Builder::slice(Tensor x, const Sizes& start, const Sizes& size, const std::vector<int64_t>& stride) {
  return out(slice_layer(x, start, size, stride), x.dtype);
}

nvinfer1::ISliceLayer& Builder::slice_layer(Tensor x, const Sizes& start, const Sizes& size,
                                            const std::vector<int64_t>& stride) {
  const nvinfer1::Dims steps = to_dims(stride);
  nvinfer1::Dims zeros = steps;
  std::fill_n(zeros.d, zeros.nbDims, 0);
  auto& layer = added(network_.addSlice(*x.itensor, all_known(start) ? known_dims(start) : zeros,
                                        all_known(size) ? known_dims(size) : zeros, steps),
                      "slice");
  if (!all_known(start)) layer.setInput(1, *shape_tensor(start));
  if (!all_known(size)) layer.setInput(2, *shape_tensor(size));
  return layer;
}

Tensor Builder::expand(Tensor x, const Sizes& sizes) {
  std::vector<int64_t> axes(sizes.size() - x.rank());
  std::iota(axes.begin(), axes.end(), 0);
  if (!axes.empty()) x = unsqueeze(x, axes);
  const auto dims = to_vector(x.itensor->getDimensions());
  std::vector<int64_t> stride;
  bool same = true;
  for (size_t axis = 0; axis < sizes.size(); ++axis) {
    const bool repeated = dims[axis] == 1 && !(sizes[axis].is_known() && sizes[axis].known == 1);
    stride.push_back(repeated ? 0 : 1);
    same &= !repeated;
  }
  return same ? x : slice(x, Sizes(sizes.size(), Dim{0, nullptr}), sizes, stride);
}

Tensor Builder::concat(std::vector<Tensor> tensors, int64_t axis) {
  if (tensors.size() == 1) return tensors[0];
  std::vector<nvinfer1::ITensor*> inputs;
  for (const Tensor& tensor : tensors) inputs.push_back(tensor.itensor);
  auto& layer = added(network_.addConcatenation(inputs.data(), static_cast<int32_t>(inputs.size())), "concatenation");
  layer.setAxis(static_cast<int32_t>(axis));
  return out(layer, tensors[0].dtype);
}

Tensor Builder::gather(Tensor x, Tensor indices, int64_t axis, nvinfer1::GatherMode mode) {
  auto& layer = added(network_.addGatherV2(*x.itensor, *indices.itensor, mode), "gather");
  if (mode != nvinfer1::GatherMode::kND) layer.setGatherAxis(static_cast<int32_t>(axis));
  return out(layer, x.dtype);
}

Tensor Builder::pad(Tensor x, const std::vector<int64_t>& before, const std::vector<int64_t>& after,
                    nvinfer1::SampleMode mode, const at::Scalar& value) {
  Sizes start, sizes;
  for (int axis = 0; axis < x.rank(); ++axis) {
    start.push_back({-before[axis], nullptr});
    sizes.push_back(
        combine(nvinfer1::ElementWiseOperation::kSUM, size(x, axis), {before[axis] + after[axis], nullptr}));
  }
  auto& layer = slice_layer(x, start, sizes, std::vector<int64_t>(x.rank(), 1));
  layer.setMode(mode);
  if (mode == nvinfer1::SampleMode::kFILL) layer.setInput(4, *scalar(value, x.dtype).itensor);
  return out(layer, x.dtype);
}

}  // namespace torchtrt::conversion

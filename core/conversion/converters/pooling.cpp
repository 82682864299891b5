// Pooling windows; adaptive pooling as windows where they are equal, as one reduction to 1, as slices otherwise.
#include "core/conversion/converters/common.h"

namespace torchtrt::conversion {
namespace {

using nvinfer1::PoolingType;

struct Window {
  std::vector<int64_t> size, stride, padding;
  bool ceil = false;
  bool count_padding = true;
};

// `x` as [N, C, spatial...] with two spatial axes at least; undone by `restored`.
struct Lifted {
  Tensor x;
  bool batch = false, line = false;
};
Lifted lift(Builder& b, Tensor x, size_t axes) {
  Lifted lifted{x};
  if (x.rank() == static_cast<int>(axes) + 1) {
    lifted.x = b.unsqueeze(lifted.x, {0});
    lifted.batch = true;
  }
  if (axes == 1) {
    lifted.x = b.unsqueeze(lifted.x, {2});
    lifted.line = true;
  }
  return lifted;
}
Tensor restored(Builder& b, const Lifted& lifted, Tensor y) {
  if (lifted.line) y = b.squeeze(y, {2});
  return lifted.batch ? b.squeeze(y, {0}) : y;
}

Tensor pool(Builder& b, Tensor input, PoolingType type, Window window) {
  const size_t axes = window.size.size();
  const Lifted lifted = lift(b, input, axes);
  if (axes == 1) {
    window.size.insert(window.size.begin(), 1);
    window.stride.insert(window.stride.begin(), 1);
    window.padding.insert(window.padding.begin(), 0);
  }
  auto& layer = b.added(b.network().addPoolingNd(*lifted.x.itensor, type, to_dims(window.size)), "pooling");
  layer.setStrideNd(to_dims(window.stride));
  layer.setPaddingNd(to_dims(window.padding));
  layer.setPaddingMode(window.ceil ? nvinfer1::PaddingMode::kEXPLICIT_ROUND_UP
                                   : nvinfer1::PaddingMode::kEXPLICIT_ROUND_DOWN);
  layer.setAverageCountExcludesPadding(!window.count_padding);
  return restored(b, lifted, b.out(layer, input.dtype));
}

Window window_of(const Call& call, size_t axes) {
  Window window;
  window.size = call.integers("kernel_size", axes);
  window.stride = call.integers("stride", axes, window.size);
  window.padding = call.integers("padding", axes, {0});
  window.ceil = call.flag("ceil_mode");
  if (call.has("count_include_pad")) window.count_padding = call.flag("count_include_pad");
  return window;
}

template <size_t axes>
Tensor convert_max_pool(Builder& b, const Call& call) {
  return pool(b, call.tensor("self"), PoolingType::kMAX, window_of(call, axes));
}
template <size_t axes>
Tensor convert_avg_pool(Builder& b, const Call& call) {
  Tensor y = pool(b, call.tensor("self"), PoolingType::kAVERAGE, window_of(call, axes));
  return y;
}

// A window that starts beyond the input is dropped by torch and kept by the engine: sizes would differ.
std::string refuse_ceil(const Query& query, size_t axes) {
  if (!query.constant("ceil_mode")->toBool()) return "";
  const auto in = query.fact("self").sizes(), out = query.result_fact().sizes();
  const auto list = [&](const char* name) {
    const auto value = query.constant(name);
    return value && value->isIntList() ? value->toIntVector() : std::vector<int64_t>{};
  };
  const auto at = [&](const std::vector<int64_t>& values, size_t i, int64_t other) {
    return values.empty() ? other : values.size() == 1 ? values[0] : values[i];
  };
  for (size_t i = 0; i < axes; ++i) {
    const int64_t length = in[in.size() - axes + i], size = at(list("kernel_size"), i, 1),
                  stride = at(list("stride"), i, size);
    const int64_t rounded = (length + 2 * at(list("padding"), i, 0) - size + stride - 1) / stride + 1;
    if (length < 0 || rounded != out[out.size() - axes + i]) return "ceil_mode drops a window that the engine keeps";
  }
  return "";
}
template <size_t axes>
std::string refuse_max_pool(const Query& query) {
  const auto dilation = query.constant("dilation");
  if (!dilation || !dilation->isIntList()) return "dilation has to be known";
  for (const int64_t step : dilation->toIntVector())
    if (step != 1) return "dilated pooling has no layer";
  const std::string reason = floating_only(query, "self");
  return reason.empty() ? refuse_ceil(query, axes) : reason;
}
template <size_t axes>
std::string refuse_avg_pool(const Query& query) {
  if (axes > 1 && !query.is_none("divisor_override")) return "divisor_override has no layer";
  const std::string reason = floating_only(query, "self");
  return reason.empty() ? refuse_ceil(query, axes) : reason;
}

const Registration max1({"aten::max_pool1d"}, one(convert_max_pool<1>), refuse_max_pool<1>);
const Registration max2({"aten::max_pool2d"}, one(convert_max_pool<2>), refuse_max_pool<2>);
const Registration max3({"aten::max_pool3d"}, one(convert_max_pool<3>), refuse_max_pool<3>);
const Registration avg1({"aten::avg_pool1d"}, one(convert_avg_pool<1>), refuse_avg_pool<1>);
const Registration avg2({"aten::avg_pool2d"}, one(convert_avg_pool<2>), refuse_avg_pool<2>);
const Registration avg3({"aten::avg_pool3d"}, one(convert_avg_pool<3>), refuse_avg_pool<3>);

// -- adaptive

nvinfer1::ReduceOperation reduction(PoolingType type) {
  return type == PoolingType::kMAX ? nvinfer1::ReduceOperation::kMAX : nvinfer1::ReduceOperation::kAVG;
}

// One axis to `count` cells: cell i covers [floor(i L / count), ceil((i + 1) L / count)).
Tensor pool_axis(Builder& b, Tensor x, int axis, int64_t length, int64_t count, PoolingType type) {
  std::vector<Tensor> cells;
  for (int64_t i = 0; i < count; ++i) {
    const int64_t start = i * length / count, end = ((i + 1) * length + count - 1) / count;
    Sizes starts(x.rank(), Dim{0, nullptr}), sizes = b.shape(x);
    starts[axis] = {start, nullptr};
    sizes[axis] = {end - start, nullptr};
    const Tensor cell = b.slice(x, starts, sizes, std::vector<int64_t>(x.rank(), 1));
    cells.push_back(b.reduce(reduction(type), cell, 1u << axis, true));
  }
  return b.concat(cells, axis);
}

Tensor adaptive(Builder& b, const Call& call, size_t axes, PoolingType type) {
  const Tensor x = call.tensor("self");
  const auto wanted = call.integers("output_size", axes);
  const int first = x.rank() - static_cast<int>(axes);
  bool to_one = true, equal = true;
  Window window;
  uint32_t mask = 0;
  for (size_t i = 0; i < axes; ++i) {
    const int64_t length = x.itensor->getDimensions().d[first + i];
    to_one &= wanted[i] == 1;
    equal &= length > 0 && length % wanted[i] == 0;
    window.size.push_back(length / std::max<int64_t>(wanted[i], 1));
    mask |= 1u << (first + i);
  }
  if (to_one) return b.reduce(reduction(type), x, mask, true);
  if (equal) {
    window.stride = window.size;
    window.padding.assign(axes, 0);
    return pool(b, x, type, window);
  }
  return b.in_float(x, [&](Tensor y) {
    for (size_t i = 0; i < axes; ++i) {
      const int axis = first + static_cast<int>(i);
      y = pool_axis(b, y, axis, x.itensor->getDimensions().d[axis], wanted[i], type);
    }
    return y;
  });
}

template <size_t axes>
Tensor convert_adaptive_avg(Builder& b, const Call& call) {
  return adaptive(b, call, axes, PoolingType::kAVERAGE);
}
template <size_t axes>
std::string refuse_adaptive(const Query& query) {
  if (!query.known("output_size")) return "the output size has to be known at compile time";
  const auto sizes = query.fact("self").sizes(), out = query.result_fact().sizes();
  for (size_t i = 0; i < axes; ++i)
    if (sizes[sizes.size() - 1 - i] < 0 && out[out.size() - 1 - i] != 1)
      return "an axis of open length is pooled to more than 1";
  return floating_only(query, "self");
}
const Registration adaptive1({"aten::adaptive_avg_pool1d"}, one(convert_adaptive_avg<1>), refuse_adaptive<1>);
const Registration adaptive2({"aten::adaptive_avg_pool2d"}, one(convert_adaptive_avg<2>), refuse_adaptive<2>);
const Registration adaptive3({"aten::adaptive_avg_pool3d"}, one(convert_adaptive_avg<3>), refuse_adaptive<3>);

// The second result, where the maxima were, has no layer.
template <size_t axes>
std::vector<Tensor> convert_adaptive_max(Builder& b, const Call& call) {
  return {adaptive(b, call, axes, PoolingType::kMAX), Tensor{}};
}
template <size_t axes>
std::string refuse_adaptive_max(const Query& query) {
  if (query.node().output(1)->hasUses()) return "the indices of the maxima have no layer";
  return refuse_adaptive<axes>(query);
}
const Registration adaptive_max1({"aten::adaptive_max_pool1d"}, convert_adaptive_max<1>, refuse_adaptive_max<1>);
const Registration adaptive_max2({"aten::adaptive_max_pool2d"}, convert_adaptive_max<2>, refuse_adaptive_max<2>);
const Registration adaptive_max3({"aten::adaptive_max_pool3d"}, convert_adaptive_max<3>, refuse_adaptive_max<3>);

}  // namespace
}  // namespace torchtrt::conversion

// aten::convolution in all its forms: 1-d is lifted to 2-d, transposed is deconvolution.
#include "core/conversion/converters/common.h"
#include "core/ir/origin.h"
#include "core/ir/torch_dtype.h"

namespace torchtrt::conversion {
namespace {

struct Window {
  std::vector<int64_t> stride, padding, dilation, output_padding;
  int64_t groups;
  bool transposed;
};

Window window_of(const Call& call, size_t axes) {
  Window window{call.integers("stride", axes, {1}),
                call.integers("padding", axes, {0}),
                call.integers("dilation", axes, {1}),
                call.integers("output_padding", axes, {0}),
                call.integer("groups"),
                call.flag("transposed")};
  if (axes == 1) {  // the engine convolves in two and three dimensions: [N, C, L] is [N, C, 1, L]
    for (auto* values : {&window.stride, &window.dilation}) values->insert(values->begin(), 1);
    for (auto* values : {&window.padding, &window.output_padding}) values->insert(values->begin(), 0);
  }
  return window;
}

template <class Layer>
void configure(Layer& layer, const Window& window) {
  layer.setStrideNd(to_dims(window.stride));
  layer.setDilationNd(to_dims(window.dilation));
  layer.setNbGroups(window.groups);
  layer.setPrePadding(to_dims(window.padding));
  std::vector<int64_t> post = window.padding;  // output padding is less padding at the end
  for (size_t i = 0; i < post.size(); ++i) post[i] -= window.transposed ? window.output_padding[i] : 0;
  layer.setPostPadding(to_dims(post));
}

// The kernel and bias as weights where they are constants, else as inputs 1 and 2.
template <class Add>
Tensor convolve(Builder& b, const Call& call, Tensor x, const Window& window, bool lift, const Add& add) {
  const auto kernel = call.constant("weight");
  std::vector<int64_t> kernel_sizes =
      kernel ? kernel->sizes().vec() : to_vector(call.tensor("weight").itensor->getDimensions());
  if (lift) kernel_sizes.insert(kernel_sizes.begin() + 2, 1);
  const int64_t maps = window.transposed ? kernel_sizes[1] * window.groups : kernel_sizes[0];
  const std::vector<int64_t> size(kernel_sizes.begin() + 2, kernel_sizes.end());
  const bool has_bias = call.given("bias");
  const auto bias = has_bias ? call.constant("bias") : std::nullopt;
  const nvinfer1::Weights none{carrier_of(x.dtype), nullptr, 0};
  const nvinfer1::Weights kernel_weights = kernel ? b.weights(*kernel) : none;
  const nvinfer1::Weights bias_weights = bias ? b.weights(*bias) : none;
  auto& layer = b.added(add(*x.itensor, maps, to_dims(size), kernel_weights, bias_weights), "convolution");
  if (kernel) b.name_weights(*kernel, kernel_weights);
  if (bias) b.name_weights(*bias, bias_weights);
  if (!kernel) layer.setInput(1, *b.reshape(call.tensor("weight"), kernel_sizes).itensor);
  if (has_bias && !bias) layer.setInput(2, *call.tensor("bias").itensor);
  configure(layer, window);
  return b.out(layer, x.dtype);
}

Tensor convert_convolution(Builder& b, const Call& call) {
  Tensor x = call.tensor("input");
  const auto weight_sizes = call.constant("weight") ? call.constant("weight")->dim() : call.tensor("weight").rank();
  const size_t axes = weight_sizes - 2;
  const bool batched = x.rank() == static_cast<int>(axes) + 2;
  if (!batched) x = b.unsqueeze(x, {0});
  const Window window = window_of(call, axes);
  const bool lift = axes == 1;
  if (lift) x = b.unsqueeze(x, {2});
  auto& network = b.network();
  Tensor y =
      window.transposed
          ? convolve(b, call, x, window, lift, [&](auto&&... args) { return network.addDeconvolutionNd(args...); })
          : convolve(b, call, x, window, lift, [&](auto&&... args) { return network.addConvolutionNd(args...); });
  if (lift) y = b.squeeze(y, {2});
  return batched ? y : b.squeeze(y, {0});
}

// The user's types are a contract: PyTorch rejects such a model, and so do we, before the engine does.
std::string refuse_convolution(const Query& query) {
  const auto input = query.dtype("input"), weight = query.dtype("weight");
  if (input != weight)
    TORCHTRT_THROW(kDtypeContract, "Convolution: kernel is ", ir::name_of(weight), " but its input is ",
                   ir::name_of(input), "\n  at ", ir::where(query.node()),
                   "\n  PyTorch rejects this model too. Cast the module (.to(", ir::name_of(input), ")) or the input.");
  const auto sizes = query.fact("input").sizes();
  const auto rank = query.rank("weight");
  if (sizes[sizes.size() - rank + 1] < 0) return "the number of channels has to be known";
  if (query.fact("weight").is_tensor() && !query.fact("weight").is_static())
    return "the kernel has to be of known size";
  for (const char* name : {"stride", "padding", "dilation", "output_padding", "groups", "transposed"})
    if (!query.known(name)) return std::string(name) + " has to be known at compile time";
  const auto extra = query.constant("output_padding"), padding = query.constant("padding");
  if (extra && padding && extra->isIntList() && padding->isIntList())
    for (size_t i = 0; i < extra->toIntVector().size(); ++i)
      if (extra->toIntVector()[i] > padding->toIntVector()[std::min(i, padding->toIntVector().size() - 1)])
        return "output_padding above padding has no layer";
  return floating_only(query, "input");
}

const Registration convolution({"aten::convolution"}, one(convert_convolution), refuse_convolution);

}  // namespace
}  // namespace torchtrt::conversion

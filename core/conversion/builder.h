// Builder: adds layers. The one owner of casts, promotion, broadcasting, weights, sizes and layer names.
#pragma once

#include <ATen/core/TensorBody.h>

#include <functional>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/conversion/value.h"
#include "core/ir/names.h"

namespace torchtrt::conversion {

class Builder {
 public:
  // Both outlive the builder; weights live as long as the builder, which has to outlive the build of the engine.
  Builder(nvinfer1::INetworkDefinition& network, const ir::Names& names) : network_(network), names_(names) {}
  Builder(const Builder&) = delete;

  nvinfer1::INetworkDefinition& network() { return network_; }
  // Layers added from now on belong to this node of the model.
  void enter(std::string name, std::string where);
  const std::string& where() const { return where_; }
  // Names the layer, and refuses null, which the network gives for arguments it does not take.
  template <class Layer>
  Layer& added(Layer* layer, const char* what) {
    refuse_null(layer, what);
    name(*layer, what);
    return *layer;
  }
  Tensor out(nvinfer1::ILayer& layer, at::ScalarType dtype, int index = 0);

  // -- constants: the type of the tensor, never another; float64 travels as its carrier (constant.cpp)
  nvinfer1::Weights weights(const at::Tensor& tensor);
  // Gives weights that a layer already uses the name of their parameter, by which they are refitted.
  void name_weights(const at::Tensor& tensor, const nvinfer1::Weights& weights);
  Tensor constant(const at::Tensor& tensor);
  // A number of the given type with `rank` axes of length 1.
  Tensor scalar(const at::Scalar& value, at::ScalarType dtype, int rank = 0);
  nvinfer1::ITensor* index_list(const std::vector<int64_t>& values);  // 1-D INT64
  // The operand as a tensor of the network.
  Tensor tensor(const Operand& operand);

  // -- types (promote.cpp)
  Tensor cast(Tensor x, at::ScalarType dtype);
  // torch.result_type of the operands: numbers and 0-dim tensors are weak (Note [Weak scalars]).
  static at::ScalarType result_type(const std::vector<const Operand*>& operands);
  // The operands in one type and one rank.
  std::vector<Tensor> promote(const std::vector<const Operand*>& operands, at::ScalarType dtype);
  void match_ranks(std::vector<Tensor>& tensors);
  // `compute` in float32 where x is float16 or bfloat16, rounded once at the end, as torch's own kernels do.
  Tensor in_float(Tensor x, const std::function<Tensor(Tensor)>& compute);

  // -- elementwise: operands of one type, ranks are matched (elementwise.cpp)
  Tensor elementwise(nvinfer1::ElementWiseOperation op, Tensor a, Tensor b);
  Tensor compare(nvinfer1::ElementWiseOperation op, Tensor a, Tensor b);
  Tensor unary(nvinfer1::UnaryOperation op, Tensor x);
  Tensor activation(nvinfer1::ActivationType type, Tensor x, double alpha = 0, double beta = 0);
  Tensor logical_not(Tensor x);
  Tensor select(Tensor condition, Tensor yes, Tensor no);
  Tensor add(Tensor a, Tensor b) { return elementwise(nvinfer1::ElementWiseOperation::kSUM, a, b); }
  Tensor sub(Tensor a, Tensor b) { return elementwise(nvinfer1::ElementWiseOperation::kSUB, a, b); }
  Tensor mul(Tensor a, Tensor b) { return elementwise(nvinfer1::ElementWiseOperation::kPROD, a, b); }
  Tensor div(Tensor a, Tensor b) { return elementwise(nvinfer1::ElementWiseOperation::kDIV, a, b); }
  Tensor mul(Tensor a, double b) { return mul(a, scalar(b, a.dtype)); }
  Tensor add(Tensor a, double b) { return add(a, scalar(b, a.dtype)); }
  // Values outside a uint8 or int8 wrap, since their carrier is wider.
  Tensor wrapped(Tensor x);

  // -- sizes (sizes.cpp)
  Dim size(Tensor x, int axis);
  Sizes shape(Tensor x);
  Dim dim(const Operand& operand);
  Dim combine(nvinfer1::ElementWiseOperation op, Dim a, Dim b);
  Dim product(const Sizes& sizes);
  nvinfer1::ITensor* shape_tensor(const Sizes& sizes);

  // -- moves (moves.cpp)
  Tensor reshape(Tensor x, const Sizes& sizes);
  Tensor reshape(Tensor x, const std::vector<int64_t>& sizes);
  Tensor permute(Tensor x, const std::vector<int64_t>& order);
  Tensor unsqueeze(Tensor x, const std::vector<int64_t>& axes);  // places in the result, ascending
  Tensor squeeze(Tensor x, const std::vector<int64_t>& axes);
  Tensor slice(Tensor x, const Sizes& start, const Sizes& size, const std::vector<int64_t>& stride);
  Tensor expand(Tensor x, const Sizes& sizes);
  Tensor concat(std::vector<Tensor> tensors, int64_t axis);
  Tensor gather(Tensor x, Tensor indices, int64_t axis, nvinfer1::GatherMode mode = nvinfer1::GatherMode::kDEFAULT);
  Tensor pad(Tensor x, const std::vector<int64_t>& before, const std::vector<int64_t>& after, nvinfer1::SampleMode mode,
             const at::Scalar& value = 0);

  // -- reductions and products (reduce.cpp)
  Tensor reduce(nvinfer1::ReduceOperation op, Tensor x, uint32_t axes, bool keep);
  Tensor softmax(Tensor x, int64_t axis);
  Tensor matmul(Tensor a, Tensor b, bool transpose_b = false);

 private:
  nvinfer1::ISliceLayer& slice_layer(Tensor x, const Sizes& start, const Sizes& size,
                                     const std::vector<int64_t>& stride);
  void refuse_null(const void* layer, const char* what) const;
  void name(nvinfer1::ILayer& layer, const char* what);

  nvinfer1::INetworkDefinition& network_;
  const ir::Names& names_;
  std::string prefix_ = "graph";
  std::string where_ = "the graph";
  std::map<std::string, int> used_names_;
  std::vector<at::Tensor> kept_;  // weights, until the engine is built
  std::unordered_map<const c10::TensorImpl*, Tensor> constants_;
  std::unordered_map<nvinfer1::ITensor*, nvinfer1::ITensor*> shapes_;
};

}  // namespace torchtrt::conversion

// Reductions, softmax and products.
#include "core/conversion/builder.h"
#include "core/util/error.h"

namespace torchtrt::conversion {

Tensor Builder::reduce(nvinfer1::ReduceOperation op, Tensor x, uint32_t axes, bool keep) {
  return out(added(network_.addReduce(*x.itensor, op, axes, keep), "reduce"), x.dtype);
}

Tensor Builder::softmax(Tensor x, int64_t axis) {
  auto& layer = added(network_.addSoftMax(*x.itensor), "softmax");
  layer.setAxes(1u << axis);
  return out(layer, x.dtype);
}

Tensor Builder::matmul(Tensor a, Tensor b, bool transpose_b) {
  using nvinfer1::MatrixOperation;
  const auto left = a.rank() == 1 ? MatrixOperation::kVECTOR : MatrixOperation::kNONE;
  const auto right = b.rank() == 1 ? MatrixOperation::kVECTOR
                     : transpose_b ? MatrixOperation::kTRANSPOSE
                                   : MatrixOperation::kNONE;
  // Axes besides the matrix have to be equal in number: a vector has none, a matrix all but two.
  const int batch_a = std::max(0, a.rank() - 2), batch_b = std::max(0, b.rank() - 2);
  const auto lifted = [&](Tensor x, int missing) {
    std::vector<int64_t> axes;
    for (int axis = 0; axis < missing; ++axis) axes.push_back(axis);
    return missing > 0 ? unsqueeze(x, axes) : x;
  };
  a = lifted(a, batch_b - batch_a);
  b = lifted(b, batch_a - batch_b);
  return out(added(network_.addMatrixMultiply(*a.itensor, left, *b.itensor, right), "matmul"), a.dtype);
}

}  // namespace torchtrt::conversion

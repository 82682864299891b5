// Arithmetic on sizes that the declared shapes leave open: it becomes shape layers.
#include "core/conversion/evaluators/sizes.h"

#include <map>

#include "core/ir/origin.h"
#include "core/util/error.h"

namespace torchtrt::conversion {
namespace {

using nvinfer1::ElementWiseOperation;
using Evaluate = Operand (*)(Builder&, const std::vector<Operand>&);

Operand number(Dim dim) {
  Operand result;
  if (dim.is_known()) {
    result.constant = dim.known;
  } else {
    result.dim = dim;
  }
  return result;
}

template <ElementWiseOperation op>
Operand combine(Builder& b, const std::vector<Operand>& in) {
  return number(b.combine(op, b.dim(in.at(0)), b.dim(in.at(1))));
}

Operand size(Builder& b, const std::vector<Operand>& in) {
  const Tensor x = b.tensor(in.at(0));
  const int64_t axis = in.at(1).constant.toInt();
  return number(b.size(x, static_cast<int>(axis < 0 ? axis + x.rank() : axis)));
}

Operand numel(Builder& b, const std::vector<Operand>& in) { return number(b.product(b.shape(b.tensor(in.at(0))))); }

Operand negative(Builder& b, const std::vector<Operand>& in) {
  return number(b.combine(ElementWiseOperation::kSUB, {0, nullptr}, b.dim(in.at(0))));
}

// A number and the 0-dim tensor that tracing makes of it are one thing here.
Operand same(Builder& b, const std::vector<Operand>& in) { return number(b.dim(in.at(0))); }

const std::map<std::string, Evaluate>& table() {
  static const std::map<std::string, Evaluate> rows = {
      {"aten::size.int", size},
      {"aten::numel", numel},
      {"aten::add.int", combine<ElementWiseOperation::kSUM>},
      {"aten::sub.int", combine<ElementWiseOperation::kSUB>},
      {"aten::mul.int", combine<ElementWiseOperation::kPROD>},
      {"aten::floordiv.int", combine<ElementWiseOperation::kFLOOR_DIV>},
      {"prim::min.int", combine<ElementWiseOperation::kMIN>},
      {"prim::max.int", combine<ElementWiseOperation::kMAX>},
      {"aten::neg.int", negative},
      {"prim::NumToTensor.Scalar", same},
      {"prim::NumToTensor.bool", same},
      {"aten::Int.Tensor", same},
      {"aten::IntImplicit", same},
      {"aten::ScalarImplicit", same},
  };
  return rows;
}

}  // namespace

bool evaluates(const torch::jit::Node& node) { return table().count(ir::operator_name(node)) > 0; }

Operand evaluate(Builder& b, const torch::jit::Node& node, const std::vector<Operand>& inputs) {
  return table().at(ir::operator_name(node))(b, inputs);
}

}  // namespace torchtrt::conversion

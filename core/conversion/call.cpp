// Arguments by name.
#include "core/conversion/call.h"

#include "core/ir/origin.h"
#include "core/util/error.h"

namespace torchtrt::conversion {

bool Call::has(const char* name) const { return node_.schema().argumentIndexWithName(name).has_value(); }

const Operand& Call::operator[](const char* name) const {
  const auto index = node_.schema().argumentIndexWithName(name);
  TORCHTRT_REQUIRE(kInternal, index, ir::operator_name(node_), " has no argument '", name, "'");
  return operands_.at(*index);
}

bool Call::given(const char* name) const {
  if (!has(name)) return false;
  const Operand& operand = (*this)[name];
  return !operand.is_constant() || !operand.constant.isNone();
}

Tensor Call::tensor(const char* name) const { return b_.tensor((*this)[name]); }

std::vector<Tensor> Call::tensors(const char* name) const {
  std::vector<Tensor> tensors;
  const Operand& operand = (*this)[name];
  if (operand.is_constant())
    for (const at::Tensor& tensor : operand.constant.toTensorVector()) tensors.push_back(b_.constant(tensor));
  for (const Operand& item : operand.items) tensors.push_back(b_.tensor(item));
  return tensors;
}

std::optional<at::Tensor> Call::constant(const char* name) const {
  const Operand& operand = (*this)[name];
  if (!operand.is_constant() || !operand.constant.isTensor()) return std::nullopt;
  return operand.constant.toTensor();
}

const c10::IValue& Call::known(const char* name) const {
  const Operand& operand = (*this)[name];
  TORCHTRT_REQUIRE(kUnsupported, operand.is_constant(), ir::operator_name(node_), ": argument '", name,
                   "' has to be known at compile time\n  at ", ir::where(node_),
                   "\n  Make it a constant of the model, or keep the operator in PyTorch (torch_executed_ops).");
  return operand.constant;
}

int64_t Call::integer(const char* name) const {
  const c10::IValue& value = known(name);
  return value.isTensor() ? value.toTensor().item<int64_t>() : value.toInt();
}

double Call::number(const char* name) const { return scalar(name).toDouble(); }

bool Call::flag(const char* name) const { return known(name).toBool(); }

std::string Call::text(const char* name) const { return known(name).toStringRef(); }

at::Scalar Call::scalar(const char* name) const {
  const c10::IValue& value = known(name);
  return value.isTensor() ? value.toTensor().item() : value.toScalar();
}

at::ScalarType Call::dtype(const char* name) const { return known(name).toScalarType(); }

std::vector<int64_t> Call::integers(const char* name) const {
  const Operand& operand = (*this)[name];
  if (!operand.is_list)
    return known(name).isInt() ? std::vector<int64_t>{known(name).toInt()} : known(name).toIntVector();
  std::vector<int64_t> values;
  for (const Dim& size : sizes(name)) {
    TORCHTRT_REQUIRE(kUnsupported, size.is_known(), ir::operator_name(node_), ": argument '", name,
                     "' has to be known at compile time\n  at ", ir::where(node_));
    values.push_back(size.known);
  }
  return values;
}

std::vector<double> Call::numbers(const char* name) const {
  const c10::IValue& value = known(name);
  return value.isDoubleList() ? value.toDoubleVector() : std::vector<double>{};
}

std::vector<int64_t> Call::integers(const char* name, size_t count, const std::vector<int64_t>& other) const {
  std::vector<int64_t> values = integers(name);
  if (values.empty()) values = other;
  if (values.size() == 1) values.resize(count, values[0]);
  TORCHTRT_REQUIRE(kInvalidArgument, values.size() == count, ir::operator_name(node_), ": argument '", name, "' has ",
                   values.size(), " values, ", count, " expected\n  at ", ir::where(node_));
  return values;
}

Dim Call::dim(const char* name) const { return b_.dim((*this)[name]); }

Sizes Call::sizes(const char* name) const {
  Sizes sizes;
  const Operand& operand = (*this)[name];
  if (operand.is_constant())
    for (const int64_t size : operand.constant.toIntVector()) sizes.push_back({size, nullptr});
  for (const Operand& item : operand.items) sizes.push_back(b_.dim(item));
  return sizes;
}

int64_t Call::axis(const char* name, int64_t rank) const {
  const int64_t axis = integer(name);
  return axis < 0 ? axis + std::max<int64_t>(rank, 1) : axis;
}

std::vector<int64_t> Call::axes(const char* name, int64_t rank) const {
  std::vector<int64_t> axes;
  if (given(name)) axes = integers(name);
  if (axes.empty())
    for (int64_t axis = 0; axis < rank; ++axis) axes.push_back(axis);
  for (int64_t& axis : axes) axis = axis < 0 ? axis + std::max<int64_t>(rank, 1) : axis;
  return axes;
}

at::ScalarType Call::result(size_t i) const { return results_.at(i).tensor().scalar_type(); }

}  // namespace torchtrt::conversion

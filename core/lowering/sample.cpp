// Node runs on meta tensors, with zeros on the CPU as the second way.
#include "core/lowering/sample.h"

#include <ATen/Functions.h>

#include <set>
#include <sstream>

#include "core/ir/origin.h"
#include "core/util/error.h"

namespace torchtrt::lowering {
namespace {

using c10::IValue;

// Applies `change` to every tensor in the value.
template <class Change>
IValue map_tensors(const IValue& value, const Change& change) {
  if (value.isTensor()) return value.toTensor().defined() ? IValue(change(value.toTensor())) : value;
  if (value.isTensorList()) {
    c10::List<at::Tensor> list;
    for (const at::Tensor& tensor : value.toTensorVector()) list.push_back(change(tensor));
    return list;
  }
  if (value.isTuple()) {
    std::vector<IValue> items;
    for (const auto& item : value.toTupleRef().elements()) items.push_back(map_tensors(item, change));
    return c10::ivalue::Tuple::create(std::move(items));
  }
  if (value.isList() &&
      value.type()->expect<c10::ListType>()->getElementType()->kind() == c10::TypeKind::OptionalType) {
    c10::impl::GenericList list(value.type()->expect<c10::ListType>()->getElementType());
    for (const IValue& item : value.toListRef()) list.push_back(map_tensors(item, change));
    return list;
  }
  return value;
}

bool any_meta(const std::vector<IValue>& values) {
  bool found = false;
  for (const IValue& value : values)
    map_tensors(value, [&](const at::Tensor& tensor) {
      found |= tensor.is_meta();
      return tensor;
    });
  return found;
}

// "a {} b" with the values in place of the braces. (libtorch does not export its own.)
std::string format(const torch::jit::Stack& values) {
  const std::string text = values.at(0).toStringRef();
  std::ostringstream out;
  size_t from = 0;
  for (size_t i = 1; i <= values.size(); ++i) {
    const size_t at = i < values.size() ? text.find("{}", from) : std::string::npos;
    out << text.substr(from, at == std::string::npos ? at : at - from);
    if (at == std::string::npos) break;
    if (values[i].isString()) {
      out << values[i].toStringRef();
    } else {
      out << values[i];
    }
    from = at + 2;
  }
  return out.str();
}

torch::jit::Stack unpack_list(const IValue& list, size_t count) {
  TORCHTRT_REQUIRE(kInvalidArgument, list.toListRef().size() == count, "a list of ", list.toListRef().size(),
                   " elements is unpacked into ", count, " names");
  return list.toListRef().vec();
}

torch::jit::Stack run(torch::jit::Node* node, torch::jit::Stack stack) {
  at::NoGradGuard no_grad;
  if (node->kind() == c10::prim::ListUnpack) return unpack_list(stack.at(0), node->outputs().size());
  if (node->kind() == c10::prim::TupleUnpack) return stack.at(0).toTupleRef().elements().vec();
  if (node->kind() == c10::aten::format) return {IValue(format(stack))};
  node->getOperation()(stack);
  return stack;
}

at::Tensor zeros_on_cpu(const at::Tensor& tensor) {
  if (!tensor.is_meta()) return tensor;
  return at::zeros(tensor.sizes(), tensor.options().device(at::kCPU));
}

// Also of 0-dim results: values computed from zeros are no values.
at::Tensor to_meta(const at::Tensor& tensor) {
  if (tensor.is_meta()) return tensor;
  return at::empty_strided(tensor.sizes(), tensor.strides(), tensor.options().device(at::kMeta));
}

// A copy of the inputs for one run: devices become `device`, so that factories and moves stay where the tensors are.
torch::jit::Stack prepared(const std::vector<IValue>& inputs, c10::Device device) {
  torch::jit::Stack stack;
  for (const IValue& input : inputs) {
    if (input.isDevice()) {
      stack.emplace_back(device);
    } else {
      stack.push_back(device.is_cpu() ? map_tensors(input, zeros_on_cpu) : input);
    }
  }
  return stack;
}

[[noreturn]] void refuse(torch::jit::Node* node, const std::vector<IValue>& inputs, const std::string& message) {
  TORCHTRT_THROW(
      kInvalidArgument, ir::operator_name(*node), " refuses its inputs: ", message.substr(0, message.find('\n')),
      "\n  at ", ir::where(*node), "\n  inputs ", describe(inputs),
      "\n  These types and shapes follow from the declared inputs: give the shapes and dtypes that the model "
      "takes in PyTorch.");
}

}  // namespace

std::vector<IValue> run_node(torch::jit::Node* node, const std::vector<IValue>& inputs) {
  if (!any_meta(inputs)) {
    try {
      return run(node, inputs);
    } catch (const c10::Error& error) {
      refuse(node, inputs, error.what_without_backtrace());
    } catch (const std::exception& error) {
      refuse(node, inputs, error.what());
    }
  }
  std::vector<IValue> results;
  try {
    results = run(node, prepared(inputs, at::kMeta));
  } catch (const std::exception&) {  // no meta kernel, or inputs that torch refuses: the real kernels tell which
    try {
      results = run(node, prepared(inputs, at::kCPU));
    } catch (const c10::Error& error) {
      refuse(node, inputs, error.what_without_backtrace());
    } catch (const std::exception& error) {
      refuse(node, inputs, error.what());
    }
  }
  for (IValue& result : results) result = map_tensors(result, to_meta);
  return results;
}

bool depends_on_data(torch::jit::Node* node, const std::vector<IValue>& inputs) {
  static const std::set<std::string> kAlways = {"aten::nonzero",
                                                "aten::nonzero_numpy",
                                                "aten::unique",
                                                "aten::_unique2",
                                                "aten::unique_consecutive",
                                                "aten::unique_dim",
                                                "aten::masked_select",
                                                "aten::bincount",
                                                "aten::item",
                                                "aten::_local_scalar_dense",
                                                "aten::equal",
                                                "aten::allclose",
                                                "aten::is_nonzero",
                                                "aten::argwhere",
                                                "aten::histc",
                                                "aten::repeat_interleave",
                                                "aten::Int",
                                                "aten::Float",
                                                "aten::Bool",
                                                "aten::IntImplicit",
                                                "aten::FloatImplicit",
                                                "aten::ScalarImplicit",
                                                "aten::tensor_split",
                                                "aten::bernoulli",
                                                "aten::multinomial"};
  if (!any_meta(inputs)) return false;
  const std::string name = node->kind().toQualString();
  if (name == "aten::repeat_interleave" || name == "aten::tensor_split")  // by a tensor; by a number is static
    return inputs.size() < 2 || inputs[1].isTensor();
  if (name == "aten::index") {
    bool by_mask = false;
    map_tensors(inputs.at(1), [&](const at::Tensor& index) {
      by_mask |= index.scalar_type() == at::kBool || index.scalar_type() == at::kByte;
      return index;
    });
    return by_mask;
  }
  if (name == "aten::where") return inputs.size() == 1;
  return kAlways.count(name) > 0;
}

std::string describe(const std::vector<IValue>& values) {
  std::ostringstream out;
  const char* separator = "";
  for (const IValue& value : values) {
    out << separator;
    separator = ", ";
    if (value.isTensor() && value.toTensor().defined()) {
      out << c10::toString(value.toTensor().scalar_type()) << value.toTensor().sizes();
    } else if (value.isTensorList()) {
      std::vector<IValue> items;
      for (const at::Tensor& tensor : value.toTensorVector()) items.emplace_back(tensor);
      out << '(' << describe(items) << ')';
    } else if (value.isInt() || value.isDouble() || value.isBool() || value.isIntList() || value.isNone()) {
      out << value;
    } else {
      out << value.tagKind();
    }
  }
  return out.str();
}

}  // namespace torchtrt::lowering

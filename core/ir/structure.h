// Structure: how a flat list of tensors folds into the arguments or results of a method (tuples, lists, dicts).
#pragma once

#include <ATen/core/ivalue.h>
#include <ATen/core/jit_type.h>

#include <string>
#include <vector>

namespace torchtrt::ir {

struct Structure {
  enum class Kind { kTensor, kConstant, kTuple, kList, kDict };

  Kind kind = Kind::kTensor;
  size_t index = 0;               // kTensor: place in the flat list
  c10::IValue constant;           // kConstant
  std::vector<c10::IValue> keys;  // kDict
  std::vector<Structure> items;   // kTuple, kList, kDict
  c10::TypePtr type;              // of the folded value

  bool is_tensor() const { return kind == Kind::kTensor; }
  // Number of tensors below.
  size_t tensors() const;
};

// The arguments of a method, `self` left out: tensors are numbered in order, arguments that are no tensors take their
// defaults. `lengths` gives the element count of each list argument in order; without it a single list takes all that
// is left of `count`. Throws kInvalidArgument where `count` tensors do not fit.
std::vector<Structure> fold_arguments(const c10::FunctionSchema& schema, size_t count,
                                      const std::vector<size_t>& lengths = {});

// "x: Tensor, pair: Tuple[Tensor, Tensor]" for messages.
std::string describe_arguments(const c10::FunctionSchema& schema);

}  // namespace torchtrt::ir

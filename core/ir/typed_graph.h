// TypedGraph: a method of a module for one compile request, as a straight line of operators with known types and sizes.
#pragma once

#include <torch/csrc/jit/ir/ir.h>

#include <memory>
#include <unordered_map>
#include <vector>

#include "core/ir/names.h"
#include "core/ir/structure.h"

namespace torchtrt::ir {

// What is known of a value: samples for the opt shapes, then for min and max where an input is dynamic. Tensors are
// samples on the meta device: types and sizes by torch's own rules, no data. 0-dim constants keep their value.
struct Fact {
  std::vector<c10::IValue> samples;  // empty: depends on the values of tensors

  bool is_known() const { return !samples.empty(); }
  bool is_tensor() const { return is_known() && samples[0].isTensor() && samples[0].toTensor().defined(); }
  bool is_static() const;  // a tensor whose sizes are the same in every sample
  const at::Tensor& tensor() const { return samples.at(0).toTensor(); }  // at the opt shapes
  // Sizes as a binding has them: -1 where the samples differ.
  std::vector<int64_t> sizes() const;
};

struct TypedGraph {
  std::shared_ptr<torch::jit::Graph> graph;  // inputs are tensors; outputs too, but for numbers that shapes decide
  std::vector<Structure> arguments;          // how the caller's arguments fold to the inputs
  Structure result;                          // how the outputs fold to the caller's result
  c10::FunctionSchema schema;                // of the method, with `self`
  Names names;
  std::unordered_map<const torch::jit::Value*, Fact> facts;

  // Facts of any value, constants included.
  Fact fact(const torch::jit::Value* value) const;
};

// A tensor of the same type and sizes without data. 0-dim tensors stay on the CPU with their value: they take part in
// promotion as numbers do (Note [Weak scalars]), and torch lets them meet tensors of every device.
//
// Note [Weak scalars]: a 0-dim tensor, such as the literal 2 of a traced x * 2, takes part in promotion by its kind
// only, so half * 2.5 stays half, and no literal ever decides the type of an input.
at::Tensor without_data(const at::Tensor& tensor);
c10::IValue without_data(const c10::IValue& value);  // tensors and lists of tensors; others as they are

}  // namespace torchtrt::ir

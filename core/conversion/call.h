// Call: one node as a converter sees it, its arguments bound by name through the operator's schema.
#pragma once

#include <torch/csrc/jit/ir/ir.h>

#include <string>
#include <vector>

#include "core/conversion/builder.h"
#include "core/ir/typed_graph.h"

namespace torchtrt::conversion {

class Call {
 public:
  Call(Builder& builder, const torch::jit::Node& node, std::vector<Operand> operands, std::vector<ir::Fact> results)
      : b_(builder), node_(node), operands_(std::move(operands)), results_(std::move(results)) {}

  const torch::jit::Node& node() const { return node_; }
  const std::vector<Operand>& operands() const { return operands_; }
  bool has(const char* name) const;    // the schema has this argument
  bool given(const char* name) const;  // it has, and the value is not None
  const Operand& operator[](const char* name) const;

  Tensor tensor(const char* name) const;
  std::vector<Tensor> tensors(const char* name) const;
  // Weights: the tensor itself, where it is a constant.
  std::optional<at::Tensor> constant(const char* name) const;

  int64_t integer(const char* name) const;
  double number(const char* name) const;
  bool flag(const char* name) const;
  std::string text(const char* name) const;
  at::Scalar scalar(const char* name) const;
  at::ScalarType dtype(const char* name) const;
  std::vector<int64_t> integers(const char* name) const;
  std::vector<double> numbers(const char* name) const;
  // A list with one element stands for `count` equal ones, an empty one for `other`.
  std::vector<int64_t> integers(const char* name, size_t count, const std::vector<int64_t>& other = {}) const;
  Dim dim(const char* name) const;
  Sizes sizes(const char* name) const;
  // An axis, counted from the front.
  int64_t axis(const char* name, int64_t rank) const;
  std::vector<int64_t> axes(const char* name, int64_t rank) const;  // empty: all

  // The type torch gives result `i`.
  at::ScalarType result(size_t i = 0) const;
  // Sizes of result `i`: -1 where they are open.
  std::vector<int64_t> result_sizes(size_t i = 0) const { return results_.at(i).sizes(); }

 private:
  const c10::IValue& known(const char* name) const;

  Builder& b_;
  const torch::jit::Node& node_;
  std::vector<Operand> operands_;
  std::vector<ir::Fact> results_;
};

}  // namespace torchtrt::conversion

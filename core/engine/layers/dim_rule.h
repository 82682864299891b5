// DimRule: output shapes of a plugin, as arithmetic over lengths of inputs and elements of shape inputs.
//
// A plugin states it once, as expressions; from then on it is data: evaluated at definition, build and run time, and
// written to the plan.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "core/engine/layers/layer.h"

namespace torchtrt::engine {

// Values equal TensorRT's DimensionOperation.
enum class DimOp : int8_t { kSum, kProd, kMax, kMin, kSub, kEqual, kLess, kFloorDiv, kCeilDiv };

class DimRule {
 public:
  using Term = int32_t;  // an expression, by its number
  using Number = std::optional<int64_t>;
  // What the element of size tensor `output` counts as; `opt` and `upper` are its declared sizes.
  using SizeOf = std::function<Number(int output, Number opt, Number upper)>;

  Term constant(int64_t value);
  Term unknown();                          // a length that this rule cannot tell
  Term length(int input, int axis);        // of an input
  Term element(int input, int64_t index);  // of the value of a shape input
  // Throws for an operation that does not exist and for a division by the constant zero.
  Term operation(int64_t op, Term a, Term b);
  Term size_tensor(int output, Term opt, Term upper);
  void add_output(std::vector<Term> lengths) { outputs_.push_back(std::move(lengths)); }

  bool is_constant(Term term) const { return terms_[term].kind == Kind::kConstant; }
  int64_t constant_value(Term term) const { return terms_[term].a; }
  bool is_size_tensor(Term term) const { return terms_[term].kind == Kind::kSize; }
  // Outputs that were declared to be size tensors.
  std::vector<int> size_tensors() const;

  bool empty() const { return outputs_.empty(); }
  int output_count() const { return static_cast<int>(outputs_.size()); }
  int rank(int output) const { return static_cast<int>(outputs_[output].size()); }
  // Throws for a negative length and for a division by zero.
  Shapes evaluate(const ShapeArgs& in, const SizeOf& size_of) const;

  // As numbers, for the plan. `decoded` throws kCorruptPlan for anything that `encoded` did not make.
  std::vector<int64_t> encoded() const;
  static DimRule decoded(const std::vector<int64_t>& numbers);

 private:
  enum class Kind : int8_t { kConstant, kUnknown, kLength, kElement, kOperation, kSize };
  struct Node {
    Kind kind = Kind::kUnknown;
    int64_t a = 0, b = 0, c = 0;  // operands: values, numbers of inputs, terms before this one
  };
  Term add(Kind kind, int64_t a = 0, int64_t b = 0, int64_t c = 0);
  Number value_of(const Node& node, const ShapeArgs& in, const SizeOf& size_of, const std::vector<Number>& known) const;
  void check() const;

  std::vector<Node> terms_;
  std::vector<std::vector<Term>> outputs_;
};

// For DimRule::evaluate: the length is not known; the size counts as its upper bound; as what it is tuned for.
DimRule::Number size_unknown(int output, DimRule::Number opt, DimRule::Number upper);
DimRule::Number size_at_most(int output, DimRule::Number opt, DimRule::Number upper);
DimRule::Number size_at_opt(int output, DimRule::Number opt, DimRule::Number upper);

}  // namespace torchtrt::engine

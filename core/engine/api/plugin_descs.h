// What plugins are told: tensor descriptors, and the expressions of output lengths.
#pragma once

#include <NvInferRuntime.h>

#include <functional>
#include <memory>
#include <unordered_map>
#include <vector>

#include "core/engine/layers/plugin.h"

namespace torchtrt::engine::api {

namespace nv = nvinfer1;

// Row-major descriptors. `types`, where given, replace those of the tensors.
std::vector<nv::PluginTensorDesc> descs_of(const PluginTensors& tensors);
std::vector<nv::DynamicPluginTensorDesc> dynamic_descs_of(const PluginTensors& tensors, const Types& types);
// At the opt shapes: as the fixed ones, and as ranges of one shape.
PluginTensors at_opt(const PluginTensors& tensors, const Types& types);
PluginTensors at_max(const PluginTensors& tensors, const Types& types);
std::vector<nv::DynamicPluginTensorDesc> fixed_descs_of(const PluginTensors& tensors);

// The first types, tensor by tensor, that `supports` accepts position by position, at most `limit` combinations: those
// of the network, and where the network is weakly typed any real type for a real one. Throws naming the tensor that was
// refused.
using Supports = std::function<bool(size_t position, const Types& types)>;
Types accepted_types(const PluginBuild& build, int limit, const Supports& supports);

// Throws "function answered 3" unless the result is 0.
void check_result(int32_t result, const char* function);

// IExprBuilder over a DimRule. Expressions live as long as it.
class ExprBuilder final : public nv::IExprBuilder, public nv::apiv::VExprBuilder {
 public:
  // One for a plugin of the decorators, that lives at least until the next is asked for: bindings before 10.15 make
  // constants of the next description with the builder of the last callback.
  static std::shared_ptr<ExprBuilder> lasting();

  ExprBuilder();
  ~ExprBuilder() override;
  const nv::IDimensionExpr* constant(int64_t value) override;
  const nv::IDimensionExpr* operation(nv::DimensionOperation op, const nv::IDimensionExpr& first,
                                      const nv::IDimensionExpr& second) override;
  const nv::IDimensionExpr* declareSizeTensor(int32_t output, const nv::IDimensionExpr& opt,
                                              const nv::IDimensionExpr& upper) override;

  // Lengths of an input, elements of a shape input: constants where they are known.
  nv::DimsExprs lengths_of(const ShapeArgs& in, int input);
  nv::DimsExprs elements_of(const ShapeArgs& in, int input);
  // Adds the shape of an output. Throws for a bad rank, and for an expression that is null or not of this builder.
  void add_output(const nv::DimsExprs& lengths);
  // The number of an expression of this builder, or -1.
  DimRule::Term term_of(const nv::IDimensionExpr* expression) const;
  DimRule& rule() { return rule_; }

 private:
  class Expr;
  const nv::IDimensionExpr* keep(DimRule::Term term);

  DimRule rule_;
  std::vector<std::unique_ptr<Expr>> expressions_;
  std::unordered_map<const nv::IDimensionExpr*, DimRule::Term> terms_;
};

}  // namespace torchtrt::engine::api

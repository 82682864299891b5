// Kernels of the tests' own layers, and a little of what every test of plans and contexts writes.
#pragma once

#include <ATen/ATen.h>

#include "core/engine/exec/context.h"
#include "core/engine/layers/kernel.h"
#include "tests/core/engine/toy_layers.h"

namespace torchtrt::engine::toy {

// Twice its input, by a kernel that only sometimes writes into the destination it is offered.
struct Twice {
  static constexpr const char* kKind = "ToyTwice";
  bool in_place = true;
  TORCHTRT_FIELDS(in_place)

  Types infer_types(const Types& in) const { return {in[0]}; }
  Shapes infer_shapes(const ShapeArgs& in) const { return {in[0]}; }
};

// The elements of its input that are not zero: a data-dependent length.
struct Positive {
  static constexpr const char* kKind = "ToyPositive";
  TORCHTRT_NO_FIELDS

  Types infer_types(const Types& in) const { return {in[0]}; }
  Shapes infer_shapes(const ShapeArgs&) const { return {Shape{kUnknown}}; }
};

// Sum of its input as int64, without a fold: a value that only a kernel can compute.
struct Total {
  static constexpr const char* kKind = "ToyTotal";
  TORCHTRT_NO_FIELDS

  Types infer_types(const Types&) const { return {DType::kInt64}; }
  Shapes infer_shapes(const ShapeArgs&) const { return {Shape{1}}; }
};

struct Broken {
  static constexpr const char* kKind = "ToyBroken";
  TORCHTRT_NO_FIELDS

  Types infer_types(const Types& in) const { return {in[0]}; }
  Shapes infer_shapes(const ShapeArgs& in) const { return {in[0]}; }
};

inline BuildOptions one_profile(const std::string& input, Shape min, Shape opt, Shape max) {
  BuildOptions options;
  InputRange range;
  range.input = input;
  range.min = min;
  range.opt = opt;
  range.max = max;
  options.profiles = {Profile{{range}}};
  return options;
}

inline std::unique_ptr<Context> context_of(const Graph& graph, const BuildOptions& options = {}) {
  return Context::create(LoadedPlan::load(build(graph, options)));
}

}  // namespace torchtrt::engine::toy

// Pointwise: rules of a body that works element by element.
//   c1  a body with an input for each of the layer's, of its type
//   c2  its layers work element by element, on floating types, int32, int64 and bool; or they are constants of one
//       element, which are no results
//   c3  its results have one shape
#include "core/engine/plan/pointwise.h"

#include <algorithm>
#include <numeric>

#include "core/engine/layers/activation.h"
#include "core/engine/layers/cast.h"
#include "core/engine/layers/constant.h"
#include "core/engine/layers/elementwise.h"
#include "core/engine/layers/identity.h"
#include "core/engine/layers/parametric_relu.h"
#include "core/engine/layers/rules.h"
#include "core/engine/layers/select.h"
#include "core/engine/layers/unary.h"

namespace torchtrt::engine {
namespace {

std::vector<int64_t> feeds_of(size_t count) {
  std::vector<int64_t> feeds(count);
  std::iota(feeds.begin(), feeds.end(), 0);
  return feeds;
}

Evaluation evaluate(const Pointwise& op, const ShapeArgs& in) {
  return evaluate_body(*op.body, body_args(feeds_of(op.body->inputs().size()), in));
}

}  // namespace

bool is_pointwise(DType type) { return is_floating(type) || is_index(type) || type == DType::kBool; }

bool is_pointwise(const Layer& layer) {
  return as<ElementWise>(layer) || as<Unary>(layer) || as<Activation>(layer) || as<Select>(layer) || as<Cast>(layer) ||
         as<Identity>(layer) || as<ParametricReLU>(layer);
}

bool is_scalar(const Layer& layer) {
  const auto* constant = as<Constant>(layer);
  return constant && constant->weights.count == 1 && constant->shape.volume() == 1 &&
         is_pointwise(constant->weights.dtype);
}

Types Pointwise::infer_types(const Types& in) const {
  TORCHTRT_REQUIRE(kInternal, body && !body->outputs().empty(), "the body is missing");  // c1
  check_body(body, feeds_of(in.size()), body->outputs().size(), in);                     // c1
  for (const Node& node : body->nodes()) {
    TORCHTRT_REQUIRE(kInternal, node.layer && (is_pointwise(*node.layer) || is_scalar(*node.layer)), "layer \"",
                     node.name, "\" does not work element by element");  // c2
    for (const ValueId output : node.outputs)
      TORCHTRT_REQUIRE(kInternal, is_pointwise(body->stale_value(output).dtype), "layer \"", node.name, "\" gives ",
                       body->stale_value(output).dtype);  // c2
  }
  Types types;
  for (const ValueId output : body->outputs()) {
    TORCHTRT_REQUIRE(kInternal, !is_scalar(*body->node(body->stale_value(output).producer).layer), "result \"",
                     body->stale_value(output).name, "\" is a constant");  // c2
    types.push_back(body->stale_value(output).dtype);
  }
  return types;
}

Shapes Pointwise::infer_shapes(const ShapeArgs& in) const {
  const Evaluation inside = evaluate(*this, in);
  Shapes shapes;
  for (const ValueId output : body->outputs()) shapes.push_back(inside.shape(output));
  for (const Shape& shape : shapes) {
    bool equal = shape.rank() == shapes[0].rank();
    for (int axis = 0; equal && axis < shape.rank(); ++axis) equal = may_equal(shape[axis], shapes[0][axis]);
    TORCHTRT_REQUIRE(kInternal, equal, "results of shapes ", shapes[0], " and ", shape);  // c3
  }
  return shapes;
}

std::optional<HostValues> Pointwise::fold(const HostArgs& in) const {
  bool any = false;
  for (int i = 0; i < in.size(); ++i) any = any || in.value(i);
  if (!any) return std::nullopt;
  const Evaluation inside = evaluate(*this, in);
  HostValues values;
  for (const ValueId output : body->outputs()) {
    if (!inside.host(output)) return std::nullopt;
    values.push_back(*inside.host(output));
  }
  return values;
}

TORCHTRT_LAYER(Pointwise);

}  // namespace torchtrt::engine

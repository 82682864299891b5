// IfConditional: type and shape rules over the branches. Where the condition is known, one branch counts alone.
//   c1  the bodies fit the fields (files may be damaged)
//   c2  both branches have values of the same types and ranks
#include "core/engine/plan/if_conditional.h"

#include <algorithm>

#include "core/engine/layers/conditional_boundary.h"
#include "core/engine/layers/host_move.h"

namespace torchtrt::engine {
namespace {

Shapes shapes_of(const IfConditional& op, bool condition, const ShapeArgs& in, bool largest = false) {
  const Graph& body = op.body(condition);
  const Evaluation inside = evaluate_body(body, body_args(op.feeds(condition), in), largest);
  Shapes shapes;
  for (const ValueId output : body.outputs()) shapes.push_back(inside.shape(output));
  return shapes;
}

// The branch that is not taken must not fail, so a broken rule in it is no error while nobody knows which one that is.
std::optional<Shapes> try_shapes(const IfConditional& op, bool condition, const ShapeArgs& in, bool largest = false) {
  try {
    return shapes_of(op, condition, in, largest);
  } catch (const Error&) {
    return std::nullopt;
  }
}

Shape larger_shape(const Shape& a, const Shape& b) {
  Shape out = a;
  for (int axis = 0; axis < a.rank(); ++axis)
    out[axis] = a[axis] == kUnknown || b[axis] == kUnknown ? kUnknown : std::max(a[axis], b[axis]);
  return out;
}

}  // namespace

bool IfConditional::can_fold() const {
  return then_body && else_body && can_fold_body(*then_body) && can_fold_body(*else_body);
}

bool IfConditional::has_effect() const {
  return (then_body && engine::has_effect(*then_body)) || (else_body && engine::has_effect(*else_body));
}

std::optional<bool> IfConditional::condition(const ShapeArgs& in) {
  const HostValue* value = in.value(0);
  if (!value || value->elements.size() != 1 || !value->is_known()) return std::nullopt;
  return value->elements[0].as_int() != 0;
}

Types IfConditional::infer_types(const Types& in) const {
  TORCHTRT_REQUIRE(kInternal, !in.empty() && in[0] == DType::kBool, "input 0 is no condition");                  // c1
  TORCHTRT_REQUIRE(kInternal, std::find(in.begin(), in.end(), DType::kNone) == in.end(), "an input is absent");  // c1
  TORCHTRT_REQUIRE(kInternal, then_body && else_body, "a branch is missing");                                    // c1
  const size_t outputs = then_body->outputs().size();
  check_body(then_body, then_feeds, outputs, in);  // c1
  check_body(else_body, else_feeds, outputs, in);  // c1
  Types types;
  for (size_t i = 0; i < outputs; ++i) {
    const DType a = then_body->stale_value(then_body->outputs()[i]).dtype;
    const DType b = else_body->stale_value(else_body->outputs()[i]).dtype;
    TORCHTRT_CHECK(a == b, "the branches have values of different types: ", a, " and ", b);  // c2
    types.push_back(a);
  }
  return types;
}

Shapes IfConditional::infer_shapes(const ShapeArgs& in) const {
  TORCHTRT_CHECK(in[0].rank() == 0, "a condition is a scalar, not of shape ", in[0]);
  if (const auto known = condition(in)) return shapes_of(*this, *known, in);
  const auto a = try_shapes(*this, true, in), b = try_shapes(*this, false, in);
  if (!a && !b) return shapes_of(*this, true, in);  // tells what is wrong
  Shapes shapes;
  for (size_t i = 0; i < (a ? *a : *b).size(); ++i) {
    const Shape& known = a ? (*a)[i] : (*b)[i];
    shapes.push_back(a && b ? either_shape((*a)[i], (*b)[i]) : Shape::filled(known.rank(), kUnknown));  // c2
  }
  return shapes;
}

Shapes IfConditional::max_shapes(const ShapeArgs& in) const {
  if (const auto known = condition(in)) return shapes_of(*this, *known, in, /*largest=*/true);
  const auto a = try_shapes(*this, true, in, true), b = try_shapes(*this, false, in, true);
  if (!a || !b) return a ? *a : b ? *b : infer_shapes(in);
  Shapes shapes;
  for (size_t i = 0; i < a->size(); ++i) shapes.push_back(larger_shape((*a)[i], (*b)[i]));
  return shapes;
}

std::optional<HostValues> IfConditional::fold(const HostArgs& in) const {
  const auto known = condition(in);
  if (!known) return std::nullopt;
  const Graph& chosen = body(*known);
  const Evaluation inside = evaluate_body(chosen, body_args(feeds(*known), in));
  HostValues values;
  for (const ValueId output : chosen.outputs()) {
    if (!inside.host(output)) return std::nullopt;
    values.push_back(*inside.host(output));
  }
  return values;
}

TORCHTRT_LAYER(IfConditional)

}  // namespace torchtrt::engine

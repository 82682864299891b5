// Fill: alpha + sum of beta[k] * index k, or random numbers between or around alpha and beta.
// Alpha and beta that are numbers have the output type: for integers they are truncated and saturate, as by a Cast.
//   c1  dims (input 0), where present, are int32 or int64
//   c2  LINSPACE yields int32, int64 or float32; the random operations yield float32 or float16
//   c3  alpha and beta (inputs 1, 2) are both tensors or both numbers; tensors have one type, equal to the output type
//   c4  dims have one axis of known length, at most 8
//   c5  no length is negative
//   c6  LINSPACE with alpha and beta as numbers has one axis
//   c7  alpha is a scalar; beta a scalar, or for LINSPACE one number per axis
#include "core/engine/layers/fill.h"

#include <algorithm>

#include "core/engine/layers/args.h"
#include "core/engine/layers/host_math.h"
#include "core/engine/layers/host_move.h"

namespace torchtrt::engine {
namespace {

void check_type(FillOp op, DType type) {
  const bool linspace = op == FillOp::kLinspace;
  const bool taken = type == DType::kFloat32 || (linspace ? is_index(type) : type == DType::kFloat16);
  TORCHTRT_CHECK(taken, linspace ? "LINSPACE yields int32, int64 or float32" : "random numbers are float32 or float16",
                 ", not ", type);  // c2
}

Shape lengths_of(const HostList& list) {
  TORCHTRT_CHECK(list.size() <= kMaxRank, "at most ", kMaxRank, " dims, got ", list.size());  // c4
  Shape shape;
  for (const auto& length : list) {
    TORCHTRT_CHECK(!length || *length >= 0, "length ", length.value_or(0), " is negative");  // c5
    shape.push_back(length.value_or(kUnknown));
  }
  return shape;
}

void check_alpha_beta(const Fill& op, const ShapeArgs& in, const Shape& out) {
  TORCHTRT_CHECK(in.has(1) == in.has(2), "alpha and beta must both be tensors or both be numbers");  // c3
  const bool linspace = op.op == FillOp::kLinspace;
  if (!in.has(1)) {
    TORCHTRT_CHECK(!linspace || out.rank() == 1, "LINSPACE with numbers for alpha and beta has one axis, got ",
                   out);  // c6
    return;
  }
  TORCHTRT_CHECK(in.type(1) == op.to_type, "alpha and beta must have the output type ", op.to_type, ", got ",
                 in.type(1));  // c3
  const bool vector = in[2].rank() == 1 && (in[2][0] == out.rank() || in[2][0] == kUnknown);
  TORCHTRT_CHECK(in[1].rank() == 0 && (linspace ? vector : in[2].rank() == 0), "alpha must be a scalar and beta ",
                 linspace ? "one number per axis" : "a scalar", "; got shapes ", in[1], " and ", in[2]);  // c7
}

// alpha (i == 1) or beta (i == 2) of an axis.
HostScalar coefficient(const Fill& op, const HostArgs& in, int i, int axis) {
  if (in.has(i)) return in.value(i) ? in.value(i)->elements.at(static_cast<size_t>(axis)) : HostScalar::unknown();
  if (op.integral) return host_scalar(op.to_type, i == 1 ? op.alpha_int : op.beta_int);
  return host_scalar(op.to_type, i == 1 ? op.alpha : op.beta);
}

}  // namespace

Types Fill::infer_types(const Types& in) const {
  expect_inputs(in, 0, 3);
  check_index_input("dims", in, 0);  // c1
  const DType alpha_type = type_at(in, 1), beta_type = type_at(in, 2);
  TORCHTRT_CHECK(alpha_type == beta_type || alpha_type == DType::kNone || beta_type == DType::kNone,
                 "alpha and beta must have one type, got ", alpha_type, " and ", beta_type);  // c3
  check_type(op, to_type);
  if (alpha_type != DType::kNone) check_type(op, alpha_type);
  return {alpha_type == DType::kNone ? to_type : alpha_type};
}

Shapes Fill::infer_shapes(const ShapeArgs& in) const {
  const Shape out =
      lengths_of(in.has(0) ? list_of_input("dims", in, 0) : list_of_numbers({shape.begin(), shape.end()}));
  check_alpha_beta(*this, in, out);
  return {out};
}

std::optional<HostValues> Fill::fold(const HostArgs& in) const {
  const Shape out = infer_shapes(in)[0];
  if (op != FillOp::kLinspace || !is_trackable(out)) return std::nullopt;
  return HostValues{generate(to_type, out, [&](const Coordinates& at) {
    HostScalar sum = coefficient(*this, in, 1, 0);
    for (int axis = 0; axis < out.rank(); ++axis)
      sum = add(to_type, sum, multiply(to_type, host_scalar(to_type, at[axis]), coefficient(*this, in, 2, axis)));
    return sum;
  })};
}

TORCHTRT_LAYER(Fill)

}  // namespace torchtrt::engine

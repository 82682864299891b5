// MatrixMultiply: batched matrix and vector products. Sums over nothing are zero. Shapes may depend on products of
// float32: small ones of what the host knows are computed there.
//   c1  two inputs
//   c2  both of one floating type
//   c3  matrices have rank 2 or more, vectors 1 or more
//   c4  equal numbers of batch axes
//   c5  batch lengths broadcast
//   c6  the lengths to sum over are equal
#include "core/engine/layers/matrix_multiply.h"

#include <algorithm>

#include "core/engine/layers/host_math.h"
#include "core/engine/layers/host_move.h"
#include "core/engine/layers/rules.h"

namespace torchtrt::engine {
namespace {

// One operand as batch axes, rows and columns. A vector is a row as operand 0 and a column as operand 1.
struct Operand {
  Shape batch;
  int64_t outer = 1;  // length that stays
  int64_t inner = 1;  // length that is summed over
};

Operand split(const Shape& shape, MatrixOp op, int index) {
  const bool vector = op == MatrixOp::kVector;
  const int taken = vector ? 1 : 2;
  TORCHTRT_CHECK(shape.rank() >= taken, "operand ", index, " is a ", vector ? "vector" : "matrix",
                 ", which needs rank ", taken, " or more, not shape ", shape);  // c3
  Operand result;
  result.batch = Shape(shape.lengths().first(shape.rank() - taken));
  const int64_t last = shape[shape.rank() - 1];
  if (vector) {
    result.inner = last;
    return result;
  }
  const int64_t before = shape[shape.rank() - 2];
  const bool inner_is_last = (index == 0) != (op == MatrixOp::kTranspose);
  result.inner = inner_is_last ? last : before;
  result.outer = inner_is_last ? before : last;
  return result;
}

// An operand's element: that of the result's batch, its row or column `outer`, at place `inner` of the sum.
const HostScalar& element(const HostValue& value, MatrixOp op, int index, Coordinates at, int64_t outer,
                          int64_t inner) {
  const int batch = value.shape.rank() - (op == MatrixOp::kVector ? 1 : 2);
  for (int axis = 0; axis < batch; ++axis)
    if (value.shape[axis] == 1) at[static_cast<size_t>(axis)] = 0;
  const auto first = static_cast<size_t>(batch);
  const bool inner_is_last = (index == 0) != (op == MatrixOp::kTranspose);
  at[first] = op == MatrixOp::kVector || !inner_is_last ? inner : outer;
  if (op != MatrixOp::kVector) at[first + 1] = inner_is_last ? inner : outer;
  return value.elements[static_cast<size_t>(position_of(value.shape, at))];
}

}  // namespace

Types MatrixMultiply::infer_types(const Types& in) const {
  expect_inputs(in, 2);                                                                                      // c1
  expect_one_type(in);                                                                                       // c2
  expect_type(is_floating(in[0]), "an operand of a matrix product", "float32, float16 or bfloat16", in[0]);  // c2
  return {in[0]};
}

Shapes MatrixMultiply::infer_shapes(const ShapeArgs& in) const {
  const Operand a = split(in[0], op0, 0), b = split(in[1], op1, 1);
  TORCHTRT_CHECK(a.batch.rank() == b.batch.rank(), "operands need as many batch axes: ", in[0], " and ", in[1]);  // c4
  Shape result = expect_broadcast(a.batch, b.batch);                                                              // c5
  TORCHTRT_CHECK(may_equal(a.inner, b.inner), "the lengths to sum over differ: ", a.inner, " in ", in[0], " and ",
                 b.inner, " in ", in[1]);  // c6
  if (op0 != MatrixOp::kVector) result.push_back(a.outer);
  if (op1 != MatrixOp::kVector) result.push_back(b.outer);
  return {result};
}

std::optional<HostValues> MatrixMultiply::fold(const HostArgs& in) const {
  const Shape out = infer_shapes(in)[0];
  if (in.type(0) != DType::kFloat32 || !in.value(0) || !in.value(1) || !is_trackable(out)) return std::nullopt;
  const Operand a = split(in[0], op0, 0);
  const auto rows = static_cast<size_t>(a.batch.rank());
  const size_t columns = rows + (op0 == MatrixOp::kVector ? 0 : 1);
  return HostValues{generate(DType::kFloat32, out, [&](const Coordinates& at) {
    double sum = 0;
    for (int64_t i = 0; i < a.inner; ++i) {
      const HostScalar& x = element(*in.value(0), op0, 0, at, at[std::min(rows, at.size() - 1)], i);
      const HostScalar& y = element(*in.value(1), op1, 1, at, at[std::min(columns, at.size() - 1)], i);
      if (!x.known || !y.known) return HostScalar::unknown();
      sum += x.as_float() * y.as_float();
    }
    return host_scalar(DType::kFloat32, sum);
  })};
}

TORCHTRT_LAYER(MatrixMultiply);

}  // namespace torchtrt::engine

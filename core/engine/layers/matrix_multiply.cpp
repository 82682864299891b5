// MatrixMultiply: batched matrix and vector products.
//   c1  two inputs
//   c2  both of one floating type
//   c3  matrices have rank 2 or more, vectors 1 or more
//   c4  equal numbers of batch axes
//   c5  batch lengths broadcast
//   c6  the lengths to sum over are equal
#include "core/engine/layers/matrix_multiply.h"

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

TORCHTRT_LAYER(MatrixMultiply);

}  // namespace torchtrt::engine

"""Arithmetic on shapes: lengths that Cast, ElementWise, Unary, MatrixMultiply, ... compute on the host."""

import pytest
import tensorrt as trt
import torch

from tests.engine._case import INDICES, TRT_OF, build_engine, run, run_engine, sample

E = trt.ElementWiseOperation
U = trt.UnaryOperation


class Lengths:
    """Arithmetic on the shape of a tensor, as layers of a network."""

    def __init__(self, n, tensor, dtype=torch.int64):
        self.n, self.tensor, self.dtype = n, tensor, dtype

    @classmethod
    def of(cls, n, x, dtype):
        shape = n.add_shape(x).get_output(0)
        return cls(
            n, shape if dtype == torch.int64 else n.add_cast(shape, TRT_OF[dtype]).get_output(0), dtype
        )

    def elementwise(self, op, number):
        constant = self.n.constant(torch.tensor([number, number], dtype=self.dtype))
        return Lengths(self.n, self.n.add_elementwise(self.tensor, constant, op).get_output(0), self.dtype)

    def unary(self, op):
        return Lengths(self.n, self.n.add_unary(self.tensor, op).get_output(0), self.dtype)

    def relu(self):
        layer = self.n.add_activation(self.tensor, trt.ActivationType.RELU)
        return Lengths(self.n, layer.get_output(0), self.dtype)

    def to(self, dtype):
        return Lengths(self.n, self.n.add_cast(self.tensor, TRT_OF[dtype]).get_output(0), dtype)

    def scaled(self, factor):
        """By the product with a matrix."""
        matrix = self.n.constant(torch.eye(2) * factor)
        none, vector = trt.MatrixOperation.NONE, trt.MatrixOperation.VECTOR
        return Lengths(
            self.n, self.n.add_matrix_multiply(matrix, none, self.tensor, vector).get_output(0), self.dtype
        )

    def identity(self):
        return Lengths(self.n, self.n.add_identity(self.tensor).get_output(0), self.dtype)


# What becomes of the lengths, in layers and in Python. Results stay within the lengths.
FORMULAS = {
    "half": (lambda s: s.elementwise(E.SUM, 1).elementwise(E.FLOOR_DIV, 2), lambda n: (n + 1) // 2),
    "truncated": (lambda s: s.elementwise(E.DIV, 3), lambda n: n // 3),
    "product": (
        lambda s: s.elementwise(E.PROD, 4).elementwise(E.SUB, 1).elementwise(E.DIV, 4),
        lambda n: (4 * n - 1) // 4,
    ),
    "extrema": (lambda s: s.elementwise(E.MIN, 4).elementwise(E.MAX, 2), lambda n: max(2, min(4, n))),
    "negative floor": (
        lambda s: s.unary(U.NEG).elementwise(E.FLOOR_DIV, 2).unary(U.ABS),
        lambda n: (n + 1) // 2,
    ),
    "relu": (lambda s: s.elementwise(E.SUB, 4).relu(), lambda n: max(0, n - 4)),
    "sign": (lambda s: s.unary(U.SIGN).identity(), lambda n: 1),
    "power": (lambda s: s.elementwise(E.POW, 2).elementwise(E.DIV, 16), lambda n: n * n // 16),
    "through float": (
        lambda s: s.to(torch.float32).elementwise(E.PROD, 0.5).unary(U.CEIL),
        lambda n: (n + 1) // 2,
    ),
    "matrix product": (
        lambda s: s.to(torch.float32).scaled(0.5).unary(U.CEIL),
        lambda n: (n + 1) // 2,
    ),
    "comparison": (lambda s: s.elementwise(E.GREATER, 4), lambda n: int(n > 4)),
}


@pytest.mark.parametrize("dtype", INDICES)
@pytest.mark.parametrize("formula", FORMULAS)
def test_slice_sizes(formula, dtype):
    layers, numbers = FORMULAS[formula]

    def build(n, x):
        size = layers(Lengths.of(n, x, dtype)).to(dtype).tensor
        layer = n.add_slice(x, (0, 0), (0, 0), (1, 1))
        layer.set_input(2, size)
        return layer

    x = sample((6, 5))
    plan, log = build_engine(build, [x], [((3, 3), (6, 5), (8, 8))])
    assert plan is not None, log
    for shape in [(6, 5), (3, 8), (8, 3)]:
        x = sample(shape)
        (y,) = run_engine(plan, [x])
        assert torch.equal(y, x[: numbers(shape[0]), : numbers(shape[1])])


@pytest.mark.parametrize("dtype", [torch.float32, torch.int32])
@pytest.mark.parametrize(
    ("op0", "op1", "a", "b"),
    [
        ("NONE", "NONE", (2, 3), (3, 2)),
        ("TRANSPOSE", "NONE", (3, 2), (3, 4)),
        ("NONE", "TRANSPOSE", (2, 3), (1, 3)),
        ("TRANSPOSE", "TRANSPOSE", (2, 1, 3, 2), (1, 2, 1, 3)),
        ("VECTOR", "NONE", (2, 3), (1, 3, 2)),
        ("TRANSPOSE", "VECTOR", (1, 3, 2), (2, 3)),
        ("VECTOR", "VECTOR", (3,), (3,)),
        ("VECTOR", "VECTOR", (2, 2, 2, 1, 1, 1, 1, 2), (1, 2, 1, 1, 1, 1, 1, 2)),
        ("NONE", "NONE", (2, 0), (0, 2)),
    ],
    ids=str,
)
def test_products_of_constants(op0, op1, a, b, dtype):
    """Values that the build knows are those that the device computes."""

    def build(n, x, y):
        ops = [getattr(trt.MatrixOperation, op) for op in (op0, op1)]
        both = [(x, y), (n.constant(left), n.constant(right))]
        return [n.add_matrix_multiply(p, ops[0], q, ops[1]).get_output(0) for p, q in both]

    left, right = sample(a, dtype).float(), sample(b, dtype, seed=1).float()
    computed, known = run(build, [left, right])
    torch.testing.assert_close(known, computed)

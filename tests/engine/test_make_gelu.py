"""Formulas of gelu become one layer; formulas that differ stay."""

from __future__ import annotations

import math

import pytest
import tensorrt as trt
import torch
import torch.nn.functional as F

from tests.engine._case import FLOATS, check, sample
from tests.engine._passes import built, check_fused

PASS = "make_gelu"
X = sample((3, 7), low=-4, high=4)
OP, ACT, UNARY = trt.ElementWiseOperation, trt.ActivationType, trt.UnaryOperation
ROOT = math.sqrt(2 / math.pi)


class Formula:
    """Words to write formulas with; numbers are constants of the type."""

    def __init__(self, n, dtype):
        self.n, self.dtype = n, dtype

    def value(self, a):
        return self.n.constant(torch.tensor([[a]], dtype=self.dtype)) if isinstance(a, float) else a

    def binary(self, op, a, b):
        return self.n.add_elementwise(self.value(a), self.value(b), op).get_output(0)

    def mul(self, a, *others):
        for b in others:
            a = self.binary(OP.PROD, a, b)
        return a

    def add(self, a, b):
        return self.binary(OP.SUM, a, b)

    def div(self, a, b):
        return self.binary(OP.DIV, a, b)

    def pow(self, a, b):
        return self.binary(OP.POW, a, b)

    def tanh(self, x):
        return self.n.add_activation(x, ACT.TANH).get_output(0)

    def erf(self, x):
        return self.n.add_unary(x, UNARY.ERF).get_output(0)


def cubic(f, x, number=0.044715):
    return f.tanh(f.mul(ROOT, f.add(x, f.mul(number, f.pow(x, 3.0)))))


TANH = {
    "powers": lambda f, x: f.mul(0.5, x, f.add(1.0, cubic(f, x))),
    "products": lambda f, x: f.mul(
        f.mul(x, 0.5), f.add(f.tanh(f.mul(f.add(x, f.mul(f.mul(x, x, x), 0.044715)), ROOT)), 1.0)
    ),
    "half outside": lambda f, x: f.mul(0.5, f.mul(x, f.add(cubic(f, x), 1.0))),
    "halved": lambda f, x: f.div(f.mul(f.add(1.0, cubic(f, x)), x), 2.0),
    "x outside": lambda f, x: f.mul(
        0.5, x, f.add(1.0, f.tanh(f.mul(x, ROOT, f.add(1.0, f.mul(f.mul(0.044715, x), x)))))
    ),
    "number inside": lambda f, x: f.mul(
        0.5, x, f.add(1.0, f.tanh(f.mul(x, f.add(f.mul(f.pow(x, 2.0), 0.044715), 1.0), ROOT)))
    ),
}
ERF = {
    "quotient": lambda f, x: f.mul(x, 0.5, f.add(1.0, f.erf(f.div(x, math.sqrt(2))))),
    "product": lambda f, x: f.mul(f.add(f.erf(f.mul(x, math.sqrt(0.5))), 1.0), f.mul(0.5, x)),
    "half outside": lambda f, x: f.mul(f.mul(x, f.add(1.0, f.erf(f.div(x, math.sqrt(2))))), 0.5),
    "halved": lambda f, x: f.mul(x, f.div(f.add(1.0, f.erf(f.div(x, math.sqrt(2)))), 2.0)),
}


def build(formula, dtype=torch.float32):
    return lambda n, x: formula(Formula(n, dtype), x)


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("name", list(TANH))
def test_tanh(name, dtype):
    check_fused(build(TANH[name], dtype), [X.to(dtype)], lambda x: F.gelu(x, approximate="tanh"), PASS)


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("name", list(ERF))
def test_erf(name, dtype):
    check_fused(build(ERF[name], dtype), [X.to(dtype)], F.gelu, PASS)


def test_shapes_of_run_time():
    check(build(ERF["quotient"]), [X], F.gelu, dynamic=True)
    check(build(TANH["powers"]), [X], lambda x: F.gelu(x, approximate="tanh"), dynamic=True)


def absolute(f, x):
    return f.n.add_unary(x, UNARY.ABS).get_output(0)


def tanh_of(x, number=0.044715, root=ROOT):
    return torch.tanh(root * (x + number * x**3))


OTHERS = {
    "cubic number": (
        lambda f, x: f.mul(0.5, x, f.add(1.0, cubic(f, x, 0.05))),
        lambda x: 0.5 * x * (1 + tanh_of(x, 0.05)),
    ),
    "nearly the number": (
        lambda f, x: f.mul(0.5, x, f.add(1.0, cubic(f, x, 0.04472))),
        lambda x: 0.5 * x * (1 + tanh_of(x, 0.04472)),
    ),
    "no half": (lambda f, x: f.mul(x, f.add(1.0, cubic(f, x))), lambda x: x * (1 + tanh_of(x))),
    "not one": (lambda f, x: f.mul(0.5, x, f.add(2.0, cubic(f, x))), lambda x: 0.5 * x * (2 + tanh_of(x))),
    "another factor": (
        lambda f, x: f.mul(0.5, absolute(f, x), f.add(1.0, cubic(f, x))),
        lambda x: 0.5 * x.abs() * (1 + tanh_of(x)),
    ),
    "another inside": (
        lambda f, x: f.mul(0.5, x, f.add(1.0, cubic(f, absolute(f, x)))),
        lambda x: 0.5 * x * (1 + tanh_of(x.abs())),
    ),
    "twice": (
        lambda f, x: f.mul(0.5, x, x, f.add(1.0, cubic(f, x))),
        lambda x: 0.5 * x * x * (1 + tanh_of(x)),
    ),
    "square": (
        lambda f, x: f.mul(0.5, x, f.add(1.0, f.tanh(f.mul(ROOT, f.add(x, f.mul(0.044715, f.mul(x, x))))))),
        lambda x: 0.5 * x * (1 + torch.tanh(ROOT * (x + 0.044715 * x**2))),
    ),
    "erf of x": (lambda f, x: f.mul(0.5, x, f.add(1.0, f.erf(x))), lambda x: 0.5 * x * (1 + x.erf())),
    "one over x": (
        lambda f, x: f.div(0.5, f.mul(x, f.add(1.0, cubic(f, x)))),
        lambda x: 0.5 / (x * (1 + tanh_of(x))),
    ),
}


@pytest.mark.parametrize("name", list(OTHERS))
def test_other_formulas_stay(name):
    formula, reference = OTHERS[name]
    x = sample((3, 7), low=0.5, high=2)
    assert PASS not in built(build(formula), [x])[1]
    check(build(formula), [x], reference)


def test_number_per_column_stays():
    halves = torch.tensor([[0.5] * 6 + [0.25]])

    def formula(f, x):
        return f.mul(f.n.constant(halves), x, f.add(1.0, cubic(f, x)))

    assert PASS not in built(build(formula), [X])[1]
    check(build(formula), [X], lambda x: halves.double() * x * (1 + tanh_of(x)))


def test_part_that_is_an_output_stays():
    def formula(f, x):
        tanh = cubic(f, x)
        return [f.mul(0.5, x, f.add(1.0, tanh)), tanh]

    assert PASS not in built(build(formula), [X])[1]


def test_part_that_is_a_debug_tensor_stays():
    def formula(f, x):
        erf = f.erf(f.div(x, math.sqrt(2)))
        assert f.n.mark_debug(erf)
        return f.mul(0.5, x, f.add(1.0, erf))

    assert PASS not in built(build(formula), [X])[1]


def test_level_0_leaves_it():
    assert PASS not in built(build(TANH["powers"]), [X], level=0)[1]

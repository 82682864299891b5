"""The formula of gelu by tanh becomes one layer; formulas that differ stay."""

from __future__ import annotations

import math

import pytest
import tensorrt as trt
import torch
import torch.nn.functional as F

from tests.engine._case import FLOATS, check, sample
from tests.engine._passes import built, check_fused

X = sample((3, 7), low=-4, high=4)
OP = trt.ElementWiseOperation


def formula(dtype=torch.float32, cubic=0.044715, power=False, half_outside=False, outputs=False):
    def build(n, x):
        number = lambda value: n.constant(torch.tensor([[value]], dtype=dtype))  # noqa: E731
        binary = lambda a, b, op: n.add_elementwise(a, b, op).get_output(0)  # noqa: E731
        product, total = (lambda a, b: binary(a, b, OP.PROD)), (lambda a, b: binary(a, b, OP.SUM))
        cube = binary(x, number(3.0), OP.POW) if power else product(product(x, x), x)
        inner = total(x, product(number(cubic), cube))
        tanh = n.add_activation(
            product(inner, number(math.sqrt(2 / math.pi))), trt.ActivationType.TANH
        ).get_output(0)
        one_more = total(tanh, number(1.0))
        if half_outside:
            return product(number(0.5), product(x, one_more))
        y = product(product(number(0.5), x), one_more)
        return [y, tanh] if outputs else y

    return build


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("half_outside", [False, True])
@pytest.mark.parametrize("power", [False, True])
def test_becomes_one_layer(dtype, half_outside, power):
    build, x = formula(dtype, power=power, half_outside=half_outside), X.to(dtype)
    check_fused(build, [x], lambda x: F.gelu(x, approximate="tanh"), "make_gelu")


def test_another_constant_stays():
    build = formula(cubic=0.05)
    assert "make_gelu" not in built(build, [X])[1]
    check(build, [X], lambda x: 0.5 * x * (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.05 * x**3))))


def test_part_that_is_an_output_stays():
    assert "make_gelu" not in built(formula(outputs=True), [X])[1]


def test_level_0_leaves_it():
    assert "make_gelu" not in built(formula(), [X], level=0)[1]

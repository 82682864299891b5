"""Unary: every operation, in every type it takes."""

import math

import pytest
import tensorrt as trt
import torch

from tests.engine._case import FLOATS, INDICES, SHAPES, STATIC_AND_DYNAMIC, build_error, check, sample

U = trt.UnaryOperation

FUNCTIONS = {
    U.EXP: (torch.exp, -3, 3),
    U.LOG: (torch.log, 0.1, 9),
    U.SQRT: (torch.sqrt, 0, 9),
    U.RECIP: (torch.reciprocal, 0.2, 5),
    U.ABS: (torch.abs, -3, 3),
    U.NEG: (torch.neg, -3, 3),
    U.SIN: (torch.sin, -3, 3),
    U.COS: (torch.cos, -3, 3),
    U.TAN: (torch.tan, -1, 1),
    U.SINH: (torch.sinh, -3, 3),
    U.COSH: (torch.cosh, -3, 3),
    U.ASIN: (torch.asin, -0.9, 0.9),
    U.ACOS: (torch.acos, -0.9, 0.9),
    U.ATAN: (torch.atan, -3, 3),
    U.ASINH: (torch.asinh, -3, 3),
    U.ACOSH: (torch.acosh, 1.1, 5),
    U.ATANH: (torch.atanh, -0.9, 0.9),
    U.CEIL: (torch.ceil, -9, 9),
    U.FLOOR: (torch.floor, -9, 9),
    U.ERF: (torch.erf, -3, 3),
    U.SIGN: (torch.sign, -3, 3),
    U.ROUND: (torch.round, -9, 9),
}


def unary(op):
    return lambda n, x: n.add_unary(x, op)


@pytest.mark.parametrize("dynamic", STATIC_AND_DYNAMIC)
@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("op", FUNCTIONS)
def test_unary_floats(op, dtype, dynamic):
    reference, low, high = FUNCTIONS[op]
    for shape in SHAPES:
        check(unary(op), [sample(shape, dtype, low, high)], reference, dynamic=dynamic)


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("op", FUNCTIONS)
def test_unary_special_values(op, dtype):
    x = torch.tensor([0.0, -0.0, 1, -1, math.inf, -math.inf, math.nan, 2.5, -2.5], dtype=dtype)
    if op == U.SIGN:
        x = x[~x.isnan()]  # the sign of NaN is nobody's rule
    check(unary(op), [x], FUNCTIONS[op][0])


@pytest.mark.parametrize("dynamic", STATIC_AND_DYNAMIC)
@pytest.mark.parametrize("dtype", [*INDICES, torch.int8])
@pytest.mark.parametrize("op", [U.ABS, U.NEG, U.SIGN])
def test_unary_integers(op, dtype, dynamic):
    low = torch.tensor([torch.iinfo(dtype).min, -5, 0, 5], dtype=dtype)
    for x in (low, *(sample(shape, dtype, -9, 9) for shape in SHAPES)):
        check(unary(op), [x], FUNCTIONS[op][0], dynamic=dynamic)


@pytest.mark.parametrize("op", [U.EXP, U.CEIL, U.ROUND, U.SQRT])
def test_unary_int8(op):
    x = torch.tensor([0, 1, 2, 4, 9], dtype=torch.int8)
    check(unary(op), [x], lambda x: FUNCTIONS[op][0](x.double()).clamp(-128, 127).trunc())


@pytest.mark.parametrize("dynamic", STATIC_AND_DYNAMIC)
def test_not(dynamic):
    for shape in SHAPES:
        check(unary(U.NOT), [sample(shape, torch.bool)], torch.logical_not, dynamic=dynamic)


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize(("op", "reference"), [(U.ISINF, torch.isinf), (U.ISNAN, torch.isnan)])
def test_float_tests(op, reference, dtype):
    x = torch.tensor([0, math.inf, -math.inf, math.nan, 1], dtype=dtype)
    for value in (x, x[1], x[:0]):
        check(unary(op), [value], reference, dtypes=[torch.bool])


@pytest.mark.parametrize(
    ("op", "dtype"), [(U.EXP, torch.int64), (U.NOT, torch.int32), (U.ISINF, torch.int32), (U.ABS, torch.bool)]
)
def test_unary_refusals(op, dtype):
    assert str(dtype).removeprefix("torch.") in build_error(unary(op), [sample((2,), dtype)])

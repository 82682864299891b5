"""ElementWise: every operation, in every type it takes."""

import math

import pytest
import tensorrt as trt
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engine._case import FLOATS, INDICES, STATIC_AND_DYNAMIC, build_error, check, run, sample

E = trt.ElementWiseOperation

NUMBERS = [*FLOATS, *INDICES, torch.int8]
SHAPES = [((2, 3), (2, 3)), ((2, 1, 4), (1, 3, 4)), ((), ()), ((0, 3), (1, 3)), ((2, 1), (2, 0))]


def elementwise(op):
    return lambda n, a, b: n.add_elementwise(a, b, op)


def truncated(a, b):
    return a / b if a.is_floating_point() else torch.div(a, b, rounding_mode="trunc")


def floored(a, b):
    return torch.div(a, b, rounding_mode="floor") if not a.is_floating_point() else (a / b).floor()


ARITHMETIC = {
    E.SUM: torch.add,
    E.PROD: torch.mul,
    E.MAX: torch.maximum,
    E.MIN: torch.minimum,
    E.SUB: torch.sub,
    E.DIV: truncated,
    E.POW: torch.pow,
    E.FLOOR_DIV: floored,
}
COMPARISONS = {E.EQUAL: torch.eq, E.GREATER: torch.gt, E.LESS: torch.lt}
LOGIC = {E.AND: torch.logical_and, E.OR: torch.logical_or, E.XOR: torch.logical_xor}


def operands(op, shapes, dtype):
    """Small numbers; positive bases and no zero divisors, which tests of their own have."""
    low = 1 if op in (E.POW, E.DIV, E.FLOOR_DIV) else -3
    a, b = (
        sample(shapes[0], dtype, -3 if op in (E.DIV, E.FLOOR_DIV) else low),
        sample(shapes[1], dtype, low, seed=1),
    )
    return [a, b]


@pytest.mark.parametrize("dynamic", STATIC_AND_DYNAMIC)
@pytest.mark.parametrize("dtype", NUMBERS)
@pytest.mark.parametrize("op", ARITHMETIC)
def test_arithmetic(op, dtype, dynamic):
    for shapes in SHAPES:
        check(elementwise(op), operands(op, shapes, dtype), ARITHMETIC[op], dynamic=dynamic)


@pytest.mark.parametrize("dynamic", STATIC_AND_DYNAMIC)
@pytest.mark.parametrize("dtype", [*FLOATS, *INDICES])
@pytest.mark.parametrize("op", COMPARISONS)
def test_comparisons(op, dtype, dynamic):
    for shapes in SHAPES:
        inputs = [sample(shapes[0], dtype, -2, 2).round(), sample(shapes[1], dtype, -2, 2, seed=1).round()]
        check(elementwise(op), inputs, COMPARISONS[op], dynamic=dynamic, dtypes=[torch.bool])


@pytest.mark.parametrize("dynamic", STATIC_AND_DYNAMIC)
@pytest.mark.parametrize("op", [*LOGIC, E.EQUAL])
def test_logic(op, dynamic):
    for shapes in SHAPES:
        inputs = [sample(shapes[0], torch.bool), sample(shapes[1], torch.bool, seed=1)]
        check(elementwise(op), inputs, {**LOGIC, **COMPARISONS}[op], dynamic=dynamic)


@pytest.mark.parametrize("dtype", [torch.int8, *INDICES])
@pytest.mark.parametrize("op", [E.DIV, E.FLOOR_DIV])
def test_integer_division_traps_nowhere(op, dtype):
    low = torch.iinfo(dtype).min
    a = torch.tensor([7, -7, 7, -7, 7, 0, low, low], dtype=dtype)
    b = torch.tensor([2, 2, -2, -2, 0, 0, -1, 0], dtype=dtype)
    quotients = {E.DIV: [3, -3, -3, 3, 0, 0, low, 0], E.FLOOR_DIV: [3, -4, -4, 3, 0, 0, low, 0]}[op]
    (y,) = run(elementwise(op), [a, b])
    assert y.tolist() == quotients


@pytest.mark.parametrize("dtype", [torch.int8, *INDICES])
def test_integers_wrap(dtype):
    low, high = torch.iinfo(dtype).min, torch.iinfo(dtype).max
    assert (
        run(elementwise(E.SUM), [torch.tensor([high], dtype=dtype), torch.tensor([1], dtype=dtype)])[0].item()
        == low
    )
    assert (
        run(elementwise(E.SUB), [torch.tensor([low], dtype=dtype), torch.tensor([1], dtype=dtype)])[0].item()
        == high
    )
    assert (
        run(elementwise(E.PROD), [torch.tensor([low], dtype=dtype), torch.tensor([2], dtype=dtype)])[0].item()
        == 0
    )


@pytest.mark.parametrize("dtype", INDICES)
def test_integer_powers(dtype):
    base = torch.tensor([2, -2, -1, 1, 5, 0, 3], dtype=dtype)
    exponent = torch.tensor([10, 3, -3, -7, -1, 0, 0], dtype=dtype)
    assert run(elementwise(E.POW), [base, exponent])[0].tolist() == [1024, -8, -1, 1, 0, 1, 1]


@pytest.mark.parametrize("dtype", FLOATS)
def test_special_floats(dtype):
    nan, inf = math.nan, math.inf
    a = torch.tensor([nan, 1, nan, 1, -1, 0, inf], dtype=dtype)
    b = torch.tensor([1, nan, nan, 0, 0, 0, -inf], dtype=dtype)
    for op, reference in ARITHMETIC.items():
        check(elementwise(op), [a, b], reference)
    for op, reference in COMPARISONS.items():
        check(elementwise(op), [a, b], reference, dtypes=[torch.bool])


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_floor_division_rounds_once(dtype):
    a, b = sample((500,), dtype, -100, 100), sample((500,), dtype, 1, 9, seed=1)
    assert torch.equal(run(elementwise(E.FLOOR_DIV), [a, b])[0], (a.float() / b.float()).floor().to(dtype))


lengths = st.lists(st.tuples(st.integers(0, 4), st.booleans(), st.booleans()), max_size=5)


@settings(max_examples=25, deadline=None)
@given(lengths)
def test_any_broadcast(axes):
    a = sample([1 if one else n for n, one, _ in axes])
    b = sample([1 if one else n for n, _, one in axes], seed=1)
    check(elementwise(E.SUM), [a, b], torch.add, dynamic=True)


@pytest.mark.parametrize(
    ("op", "dtypes", "shapes", "message"),
    [
        (E.SUM, (torch.float32, torch.bfloat16), ((2,), (2,)), "float32 and bfloat16"),
        (E.SUM, (torch.bool, torch.bool), ((2,), (2,)), "bool"),
        (E.AND, (torch.int32, torch.int32), ((2,), (2,)), "int32"),
        (E.SUM, (torch.float32, torch.float32), ((2, 3), (3,)), "equal ranks: [2, 3] and [3]"),
        (E.SUM, (torch.float32, torch.float32), ((2, 3), (2, 4)), "lengths 3 and 4"),
    ],
)
def test_refusals(op, dtypes, shapes, message):
    inputs = [sample(shape, dtype) for shape, dtype in zip(shapes, dtypes, strict=True)]
    assert message in build_error(elementwise(op), inputs)


@pytest.mark.parametrize("dtype", FLOATS)
def test_results_feed_other_layers(dtype):
    """Intermediate results have no memory of the caller's to land in."""

    def build(n, a, b):
        product = n.add_matrix_multiply(
            a, trt.MatrixOperation.NONE, b, trt.MatrixOperation.TRANSPOSE
        ).get_output(0)
        peak = n.add_unary(n.add_softmax(product).get_output(0), trt.UnaryOperation.NEG).get_output(0)
        active = n.add_activation(product, trt.ActivationType.RELU).get_output(0)
        return [n.add_elementwise(active, peak, E.SUM).get_output(0), product]

    def reference(a, b):
        product = (a @ b.T).to(dtype).double()
        return product.relu() - product.softmax(0).to(dtype), product

    check(build, [sample((3, 4), dtype), sample((5, 4), dtype)], reference)

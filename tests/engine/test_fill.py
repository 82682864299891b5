"""Fill: ranges and random numbers."""

import pytest
import tensorrt as trt
import torch

from tests.engine._case import (
    STATIC_AND_DYNAMIC,
    TRT_OF,
    build_engine,
    build_error,
    check,
    run,
    run_engine,
    sample,
)
from tests.engine._session import Session

F = trt.FillOperation


def filled(length, alpha, beta, dtype, op=F.LINSPACE):
    def build(n):
        layer = n.add_fill((length,), op, TRT_OF[dtype])
        layer.alpha = alpha
        layer.beta = beta
        return layer

    return build


@pytest.mark.parametrize("dtype", [torch.int32, torch.int64, torch.float32])
@pytest.mark.parametrize(
    ("length", "alpha", "beta"), [(5, 2, 3), (4, 10, -4), (0, 0, 1), (3, 7, 0), (3000, -5, 2)]
)
def test_range(length, alpha, beta, dtype):
    def reference():
        return alpha + beta * torch.arange(length, dtype=torch.float64)

    check(filled(length, alpha, beta, dtype), [], reference, dtypes=[dtype])


def test_range_of_fractions():
    check(filled(9, 0.25, -0.1, torch.float32), [], lambda: 0.25 - 0.1 * torch.arange(9, dtype=torch.float64),
          dtypes=[torch.float32])  # fmt: skip


@pytest.mark.parametrize("dynamic", STATIC_AND_DYNAMIC)
@pytest.mark.parametrize("dtype", [torch.int32, torch.int64, torch.float32])
def test_range_of_tensors(dtype, dynamic):
    """As long as x in each axis; alpha and beta are computed on the device."""

    def build(n, x, alpha, beta):
        layer = n.add_fill((0, 0), F.LINSPACE, TRT_OF[dtype])
        layer.set_input(0, n.add_shape(x).get_output(0))
        layer.set_input(1, alpha)
        layer.set_input(2, beta)
        return layer

    def reference(x, alpha, beta):
        rows, columns = torch.meshgrid(*map(torch.arange, x.shape), indexing="ij")
        return alpha + beta[0] * rows + beta[1] * columns

    for shape in [(2, 3), (0, 4)]:
        inputs = [sample(shape), sample((), dtype), sample((2,), dtype)]
        ranges = [tuple(tuple(shape) for shape in (shape, shape, (shape[0] + 1, shape[1] + 1))), None, None]
        check(build, inputs, reference, dynamic=ranges if dynamic else False, dtypes=[dtype])


@pytest.mark.usefixtures("random_numbers")
@pytest.mark.parametrize("dtype", [torch.float32, torch.float16])
def test_uniform(dtype):
    first = run(filled(10000, 2, 5, dtype, F.RANDOM_UNIFORM), [])[0]
    assert first.dtype == dtype
    assert first.min() >= 2
    assert first.max() <= 5
    assert abs(first.double().mean() - 3.5) < 0.1
    assert first.unique().numel() > 100


@pytest.mark.usefixtures("random_numbers")
@pytest.mark.parametrize(("alpha", "beta"), [(2.5, 1), (1, 0.5), (-0.25, 3)])
def test_an_integer_beside_a_fraction(alpha, beta):
    """The bindings set whole numbers as integers; what is set before or after stays."""
    check(filled(4, alpha, beta, torch.float32), [], lambda: alpha + beta * torch.arange(4).double(),
          dtypes=[torch.float32])  # fmt: skip
    y = run(filled(1000, alpha, beta, torch.float32, F.RANDOM_UNIFORM), [])[0]
    assert min(alpha, beta) <= y.min() and y.max() <= max(alpha, beta)


def test_integers_and_fractions_in_turn():
    session = Session()
    layer = session.network.add_fill((3,), F.LINSPACE, trt.float32)
    layer.alpha, layer.beta = 2**62 + 1, 3
    assert layer.is_alpha_beta_int64() and (layer.alpha, layer.beta) == (2**62 + 1, 3)
    layer.beta = 0.5
    assert not layer.is_alpha_beta_int64() and (layer.alpha, layer.beta) == (2.0**62, 0.5)
    layer.alpha = 4
    assert not layer.is_alpha_beta_int64() and (layer.alpha, layer.beta) == (4.0, 0.5)
    layer.beta = 2.0
    layer.alpha = 5
    assert layer.is_alpha_beta_int64() and (layer.alpha, layer.beta) == (5, 2)


@pytest.mark.parametrize("length", [3, 3000])
@pytest.mark.parametrize("dtype", [torch.int32, torch.int64])
def test_numbers_that_the_type_does_not_hold(dtype, length):
    """As a Cast converts them; 3000 are too many for the host."""
    limits = torch.iinfo(dtype)
    for number, first in [(1e300, limits.max), (-1e300, limits.min), (float("nan"), 0), (-2.75, -2)]:
        check(
            filled(length, number, 0.0, dtype), [], lambda f=first: torch.full((length,), f), dtypes=[dtype]
        )


@pytest.mark.usefixtures("random_numbers")
@pytest.mark.parametrize("dtype", [torch.float32, torch.float16])
def test_huge_random_numbers(dtype):
    y = run(filled(1000, -3e38, 3e38, torch.float32, F.RANDOM_UNIFORM), [])[0]
    assert y.isfinite().all() and y.min() < -1e38 and y.max() > 1e38
    for op in (F.RANDOM_UNIFORM, F.RANDOM_NORMAL):
        run(filled(10, -1e300, 1e300, dtype, op), [])


@pytest.mark.usefixtures("random_numbers")
@pytest.mark.parametrize("dtype", [torch.float32, torch.float16])
def test_normal(dtype):
    y = run(filled(10000, 2, 5, dtype, F.RANDOM_NORMAL), [])[0].double()
    assert abs(y.mean() - 2) < 0.3
    assert abs(y.std() - 5) < 0.3


@pytest.mark.usefixtures("random_numbers")
def test_random_numbers_differ():
    """From run to run, and between two equal layers of one network."""

    def build(n):
        return [n.add_fill((100,), F.RANDOM_NORMAL, trt.float32).get_output(0) for _ in range(2)]

    plan, log = build_engine(build, [])
    assert plan is not None, log
    first, second = run_engine(plan, []), run_engine(plan, [])
    assert (first[0] != first[1]).any()
    assert (first[0] != second[0]).any()


def test_refusals():
    assert "float16" in build_error(filled(3, 0, 1, torch.float16), [])
    assert "int32" in build_error(filled(3, 0, 1, torch.int32, F.RANDOM_NORMAL), [])

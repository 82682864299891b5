"""Reduce, TopK, Cumulative."""

import math

import pytest
import tensorrt as trt
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engine._case import FLOATS, INDICES, STATIC_AND_DYNAMIC, build_error, check, run, sample
from tests.engine._members import needs

R = trt.ReduceOperation
NUMBERS = [*FLOATS, torch.int8, torch.int32, torch.int64]


def axes_of(mask, rank):
    return [axis for axis in range(rank) if mask >> axis & 1]


def extreme(dtype, upper):
    if dtype.is_floating_point:
        return math.inf if upper else -math.inf
    return torch.iinfo(dtype).max if upper else torch.iinfo(dtype).min


def average(x, axes, keep, dtype):
    if x.is_floating_point():
        return x.mean(axes, keep)
    count = math.prod(x.shape[axis] for axis in axes)
    if count == 0:
        return torch.full_like(x.sum(axes, keep), -128 if dtype == torch.int8 else 0)
    return torch.div(x.sum(axes, keep), count, rounding_mode="trunc")


def product(x, axes, keep):
    for axis in reversed(axes):
        x = x.prod(axis, keep)
    return x


def reduced(op, mask, keep, dtype):
    def limit(x, axes, upper):
        if math.prod(x.shape[axis] for axis in axes) == 0:
            return torch.full_like(x.sum(axes, keep), extreme(dtype, not upper))
        return x.amax(axes, keep) if upper else x.amin(axes, keep)

    def reference(x):
        axes = axes_of(mask, x.dim())
        if op == R.AVG:
            return average(x, axes, keep, dtype)
        if op == R.PROD:
            return product(x, axes, keep)
        return x.sum(axes, keep) if op == R.SUM else limit(x, axes, op == R.MAX)

    return reference


def reduce(op, mask, keep):
    return lambda n, x: n.add_reduce(x, op, mask, keep)


REDUCTIONS = [
    ((2, 3, 4), 0b101, False),
    ((2, 3, 4), 0b10, True),
    ((3, 2), 0b11, False),
    ((2, 0), 0b10, False),
    ((2, 0), 0b01, True),
    ((0, 3), 0b11, False),
]


@pytest.mark.parametrize("dynamic", STATIC_AND_DYNAMIC)
@pytest.mark.parametrize("dtype", NUMBERS)
@pytest.mark.parametrize("op", [R.SUM, R.PROD, R.MAX, R.MIN, R.AVG])
def test_reduce(op, dtype, dynamic):
    for shape, mask, keep in REDUCTIONS:
        x = sample(shape, dtype, -2, 3)
        check(reduce(op, mask, keep), [x], reduced(op, mask, keep, dtype), dynamic=dynamic)


def test_reduce_large():
    """Long sums keep their precision; averages of halves whose sum is not a half are right."""
    ones = torch.full((4096,), 0.5, dtype=torch.float16)
    assert run(reduce(R.SUM, 1, False), [ones])[0] == 2048
    assert run(reduce(R.AVG, 1, False), [torch.full((8192,), 100, dtype=torch.float16)])[0] == 100
    assert run(reduce(R.AVG, 1, False), [torch.full((64,), 127, dtype=torch.int8)])[0] == 127


@pytest.mark.parametrize("op", [R.MAX, R.MIN])
def test_extremes_keep_nan(op):
    x = torch.tensor([[1, math.nan, math.inf], [-math.inf, 0, 2]])
    check(reduce(op, 0b10, False), [x], lambda x: x.amax(1) if op == R.MAX else x.amin(1))


def test_reduce_refusals():
    assert "cast to int32" in build_error(reduce(R.MAX, 1, False), [sample((2,), torch.bool)])
    assert "axes mask" in build_error(reduce(R.MAX, 4, False), [sample((2, 2))])
    assert build_error(reduce(R.MAX, 0, False), [sample((2, 2))])


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_reductions_of_any_shape(data):
    shape = data.draw(st.lists(st.integers(0, 3), min_size=1, max_size=5))
    mask = data.draw(st.integers(1, (1 << len(shape)) - 1))
    op, keep = data.draw(st.sampled_from([R.SUM, R.PROD, R.MAX, R.MIN, R.AVG])), data.draw(st.booleans())
    dtype = data.draw(st.sampled_from([torch.float32, torch.int32]))
    check(reduce(op, mask, keep), [sample(shape, dtype)], reduced(op, mask, keep, dtype))


T = trt.TopKOperation


def topk(op, k, axis, indices_type=trt.int32):
    def build(n, x, wanted=None):
        layer = n.add_topk(x, op, k, 1 << axis)
        if indices_type != trt.int32:
            layer.indices_type = indices_type
        if wanted is not None:
            layer.set_input(1, wanted)
        return layer

    return build


def top(op, k, axis, indices_type=torch.int32):
    def reference(x, *_):
        values, indices = torch.sort(x, dim=axis, descending=op == T.MAX, stable=True)
        return values.narrow(axis, 0, k), indices.narrow(axis, 0, k).to(indices_type)

    return reference


@pytest.mark.parametrize("dynamic", STATIC_AND_DYNAMIC)
@pytest.mark.parametrize("dtype", [*FLOATS, *INDICES])
@pytest.mark.parametrize("op", [T.MAX, T.MIN])
def test_topk(op, dtype, dynamic):
    for shape, k, axis in [
        ((2, 5, 3), 3, 1),
        ((2, 5, 3), 1, 2),
        ((7,), 7, 0),
        ((0, 4), 2, 1),
        ((3, 2), 1, 0),
    ]:
        x = sample(shape, dtype, -3, 3)
        check(topk(op, k, axis), [x], top(op, k, axis), dynamic=dynamic, dtypes=[dtype, torch.int32])


@pytest.mark.parametrize("op", [T.MAX, T.MIN])
def test_topk_of_ties_and_nan(op):
    x = torch.tensor([1, math.nan, 3, 1, math.inf, math.nan, 3, -math.inf])
    for k in range(1, 9):
        check(topk(op, k, 0), [x], top(op, k, 0), dtypes=[torch.float32, torch.int32])


@pytest.mark.parametrize("k", [1, 70, 3000])
@pytest.mark.parametrize("dtype", [*FLOATS, *INDICES])
@pytest.mark.parametrize("op", [T.MAX, T.MIN])
def test_topk_of_a_long_axis(op, dtype, k):
    """Full of equal elements, with zeros of both signs, infinities and NaN where there are any."""
    x = sample((2, 5001), dtype, -40, 40)
    if dtype.is_floating_point:
        x = x.round()
        x[0, 1::97], x[0, 5::89], x[1, ::1000] = math.nan, -0.0, -math.inf
        x[1, 7::211], x[1, ::83] = math.inf, torch.finfo(dtype).max
    for axis, y in [(1, x), (0, x.T.contiguous())]:
        check(topk(op, k, axis), [y], top(op, k, axis), dtypes=[dtype, torch.int32])


@needs("ITopKLayer.indices_type")
def test_topk_indices_of_64_bits():
    check(topk(T.MAX, 2, 0, trt.int64), [sample((5,))], top(T.MAX, 2, 0, torch.int64),
          dtypes=[torch.float32, torch.int64])  # fmt: skip


@pytest.mark.parametrize("dynamic", STATIC_AND_DYNAMIC)
def test_topk_with_a_computed_k(dynamic):
    """All but one: K is the length less one."""

    def build(n, x):
        one = n.constant(torch.tensor([1], dtype=torch.int64))
        less = n.add_elementwise(n.add_shape(x).get_output(0), one, trt.ElementWiseOperation.SUB).get_output(
            0
        )
        scalar = n.add_shuffle(n.add_cast(less, trt.int32).get_output(0))
        scalar.reshape_dims = ()
        return topk(T.MAX, 1, 0)(n, x, scalar.get_output(0))

    check(build, [sample((5,))], top(T.MAX, 4, 0), dynamic=dynamic, dtypes=[torch.float32, torch.int32])


def test_topk_refusals():
    assert "above the length" in build_error(topk(T.MAX, 4, 0), [sample((3,))])
    assert build_error(topk(T.MAX, 0, 0), [sample((3,))])
    assert build_error(topk(T.MAX, 3841, 0), [sample((5000,))])
    assert build_error(topk(T.MAX, 1, 0), [sample((3,), torch.bool)])


def cumulative(axis, exclusive, reverse):
    def build(n, x):
        at = n.constant(torch.tensor(axis, dtype=torch.int32))
        return n.add_cumulative(x, at, trt.CumulativeOperation.SUM, exclusive, reverse)

    return build


def accumulated(axis, exclusive, reverse):
    def reference(x):
        x = x.flip(axis) if reverse else x
        y = x.cumsum(axis)
        y = y - x if exclusive else y
        return y.flip(axis) if reverse else y

    return reference


@pytest.mark.parametrize("dynamic", STATIC_AND_DYNAMIC)
@pytest.mark.parametrize("dtype", [*FLOATS, *INDICES])
@pytest.mark.parametrize("exclusive", [False, True])
@pytest.mark.parametrize("reverse", [False, True])
def test_cumulative(exclusive, reverse, dtype, dynamic):
    for shape, axis in [((2, 3, 4), 1), ((5,), -1), ((0, 3), 0), ((2, 0), 0), ((1, 1), -2)]:
        arguments = (axis, exclusive, reverse)
        check(cumulative(*arguments), [sample(shape, dtype)], accumulated(*arguments), dynamic=dynamic)


def test_cumulative_refusals():
    assert "axis 1" in build_error(cumulative(1, False, False), [sample((3,))])
    assert "got bool" in build_error(cumulative(0, False, False), [sample((3,), torch.bool)])

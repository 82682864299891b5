"""Pooling: windows, paddings, leading axes, in 2-D and 3-D."""

import math

import pytest
import torch

from tests.engine._case import FLOATS, STATIC_AND_DYNAMIC, build_error, check, growing, run, sample
from tests.engine._windows import LOWER, UP, UPPER, T, pooled, pooling

POOLINGS = [
    dict(stride=2),
    dict(stride=1, pre=1, post=1),
    dict(stride=2, pre=0, post=1),
    dict(stride=2, pre=1, post=1, mode=UP),
    dict(stride=3, pre=2, post=2),
    dict(stride=2, mode=UPPER),
    dict(stride=2, mode=LOWER),
]


@pytest.mark.parametrize("dynamic", STATIC_AND_DYNAMIC)
@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("size", [(3, 2), (2, 3, 3)])
@pytest.mark.parametrize("window", POOLINGS, ids=str)
def test_pooling(window, size, dtype, dynamic):
    x = sample((2, 3, *(7, 8, 6)[: len(size)]), dtype)
    spans = [growing(x, *range(x.dim()))] if dynamic else False
    for kind in (T.MAX, T.AVERAGE):
        for exclusive in (True, False):
            check(
                pooling(kind, size, exclusive, **window),
                [x],
                pooled(kind, size, exclusive, **window),
                dynamic=spans,
            )


@pytest.mark.parametrize("dtype", FLOATS)
def test_blended_pooling(dtype):
    x = sample((1, 2, 6, 6), dtype)
    arguments = dict(exclusive=True, blend=0.25, stride=2, pre=1, post=0)
    check(
        pooling(T.MAX_AVERAGE_BLEND, (2, 2), **arguments),
        [x],
        pooled(T.MAX_AVERAGE_BLEND, (2, 2), **arguments),
    )


@pytest.mark.parametrize("shape", [(3, 5, 6), (0, 3, 5, 6), (3, 0, 5, 6), (2, 2, 3, 5, 6)], ids=str)
def test_pooling_over_any_leading_axes(shape):
    for kind in (T.MAX, T.AVERAGE):
        check(pooling(kind, (2, 2), stride=2), [sample(shape)], pooled(kind, (2, 2), stride=2))


def test_pooling_of_int8():
    x = sample((1, 2, 4, 4), torch.int8, -100, 100)
    check(pooling(T.MAX, (2, 2)), [x], lambda x: pooled(T.MAX, (2, 2))(x.double()))
    check(pooling(T.AVERAGE, (2, 2)), [x], lambda x: pooled(T.AVERAGE, (2, 2))(x.double()).round())


def test_average_of_nothing_is_zero():
    window = dict(stride=2, pre=2, post=2)
    (y,) = run(pooling(T.AVERAGE, (2, 2), **window), [torch.ones(1, 1, 2, 2)])
    assert y[0, 0].tolist() == [[0, 0, 0], [0, 1, 0], [0, 0, 0]]


def test_nan_stays():
    x = torch.zeros(1, 1, 4, 4)
    x[0, 0, 1, 1] = math.nan
    for kind in (T.MAX, T.AVERAGE):
        assert run(pooling(kind, (2, 2), stride=2), [x])[0].isnan().flatten().tolist() == [
            True,
            False,
            False,
            False,
        ]


def test_pooling_refuses_int32():
    assert "int32" in build_error(
        lambda n, x: n.add_pooling_nd(x, T.MAX, (2, 2)), [sample((1, 2, 4, 4), torch.int32)]
    )

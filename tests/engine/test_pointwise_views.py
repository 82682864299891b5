"""Elementwise chains read slices, transposed and expanded tensors where they are."""

from __future__ import annotations

import pytest
import tensorrt as trt
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engine._case import FLOATS, check, sample
from tests.engine._passes import built, check_fused
from tests.engine._products import linear

OP, ACT = trt.ElementWiseOperation, trt.ActivationType


def part(n, x, start, size, stride=None):
    return n.add_slice(x, start, size, stride or (1,) * len(start)).get_output(0)


def gated(n, a, b):
    """sigmoid(a) * b + b"""
    y = n.add_elementwise(n.add_activation(a, ACT.SIGMOID).get_output(0), b, OP.PROD).get_output(0)
    return n.add_elementwise(y, b, OP.SUM).get_output(0)


def exact(a, b):
    return a.sigmoid() * b + b


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("columns", [1, 2, 3, 8, 12, 1000])
@pytest.mark.parametrize("rows", [(5,), (2, 3), (600,)], ids=str)
def test_halves_of_rows(rows, columns, dtype):
    axes = len(rows)

    def build(n, x):
        halves = (part(n, x, (0,) * axes + (i * columns,), (*rows, columns)) for i in (0, 1))
        return gated(n, *halves)

    x = sample((*rows, 2 * columns), dtype)
    check_fused(build, [x], lambda x: exact(*x.chunk(2, -1)), "fuse_pointwise")


@settings(max_examples=40, deadline=None)
@given(
    shape=st.lists(st.integers(1, 9), min_size=1, max_size=4),
    data=st.data(),
    dynamic=st.booleans(),
)
def test_any_slices(shape, data, dynamic):
    """Two slices of one tensor, of equal lengths or of one element along an axis, with steps."""
    starts, sizes, strides = [[], []], [[], []], [[], []]
    for length in shape:
        size = data.draw(st.integers(1, length))
        for i in (0, 1):
            mine = data.draw(st.sampled_from([1, size])) if i else size
            stride = data.draw(st.integers(1, max(1, (length - 1) // max(1, mine - 1)))) if mine > 1 else 1
            starts[i].append(data.draw(st.integers(0, length - 1 - (mine - 1) * stride)))
            sizes[i].append(mine)
            strides[i].append(stride)

    def build(n, x):
        return gated(n, *(part(n, x, *numbers) for numbers in zip(starts, sizes, strides, strict=True)))

    def taken(x, i):
        for axis, (start, size, stride) in enumerate(zip(starts[i], sizes[i], strides[i], strict=True)):
            x = x.narrow(axis, start, (size - 1) * stride + 1)[
                (slice(None),) * axis + (slice(None, None, stride),)
            ]
        return x

    check(build, [sample(shape)], lambda x: exact(taken(x, 0), taken(x, 1)), dynamic=dynamic)


@pytest.mark.parametrize("dtype", FLOATS)
def test_transposed_beside_a_slice(dtype):
    def build(n, x, y):
        turned = n.add_shuffle(y)
        turned.first_transpose = (0, 2, 1)
        return gated(n, part(n, x, (0, 0, 3), (4, 50, 160)), turned.get_output(0))

    inputs = [sample((4, 50, 170), dtype), sample((4, 160, 50), dtype, seed=1)]
    check_fused(build, inputs, lambda x, y: exact(x[..., 3:163], y.transpose(1, 2)), "fuse_pointwise")


def test_expanded():
    """A slice that takes one element again and again."""

    def build(n, x, y):
        return gated(n, part(n, x, (0, 0, 0), (4, 50, 160), (1, 0, 1)), y)

    inputs = [sample((4, 1, 160)), sample((4, 50, 160), seed=1)]
    check(build, inputs, lambda x, y: exact(x.expand(4, 50, 160), y))


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("rows", [3, 200])
def test_gate_and_value_of_one_product(rows, dtype):
    """silu(x V) * (x W), as in LLaMA: the products are one, and nothing is copied out of its result."""
    weights = [sample((96, 16), dtype, -0.5, 0.5, seed=i) for i in (1, 2)]
    last = sample((8, 96), dtype, -0.2, 0.2, seed=3)

    def build(n, x):
        gate, value = (linear(n, x, w, None) for w in weights)
        silu = n.add_elementwise(gate, n.add_activation(gate, ACT.SIGMOID).get_output(0), OP.PROD).get_output(
            0
        )
        return linear(n, n.add_elementwise(silu, value, OP.PROD).get_output(0), last, None)

    def reference(x):
        gate, value = (F.linear(x, w.double()) for w in weights)
        return F.linear(F.silu(gate) * value, last.double())

    x = sample((rows, 16), dtype, -1, 1)
    assert "merge_linears" in built(build, [x])[1]
    check_fused(build, [x], reference, "fuse_pointwise")

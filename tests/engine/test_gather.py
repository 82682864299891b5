"""Gather in its three modes, and Select."""

import itertools

import pytest
import tensorrt as trt
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engine._case import INDICES, STATIC_AND_DYNAMIC, build_error, check, sample

MOVABLE = [torch.float32, torch.float16, torch.bfloat16, torch.int8, torch.int32, torch.int64, torch.bool]
Mode = trt.GatherMode


def gather(mode=Mode.DEFAULT, axis=0, elementwise=0):
    def build(n, data, indices):
        layer = n.add_gather_v2(data, indices, mode)
        layer.axis = axis
        layer.num_elementwise_dims = elementwise
        return layer

    return build


def at_or_zero(x, index):
    """x[index], where negative numbers count from the end and others outside give 0."""
    inside = all(-n <= i < n for i, n in zip(index, x.shape, strict=False))
    return x[tuple(index)] if inside else torch.zeros(x.shape[len(index) :], dtype=x.dtype)


def stacked(shape, parts, tail, like):
    return torch.stack(parts).reshape((*shape, *tail)) if parts else like.new_zeros((*shape, *tail))


def gathered_nd(elementwise=0):
    def reference(x, indices):
        m, outer = indices.shape[-1], indices.shape[:-1]
        parts = [
            at_or_zero(x[at[:elementwise]], indices[at].tolist())
            for at in itertools.product(*map(range, outer))
        ]
        return stacked(outer, parts, x.shape[elementwise + m :], x)

    return reference


def gathered(axis=0, elementwise=0):
    def plain(x, indices, axis):
        moved = x.movedim(axis, 0)
        parts = [at_or_zero(moved, [i]) for i in indices.flatten().tolist()]
        y = stacked(indices.shape, parts, moved.shape[1:], x)
        return y.movedim(list(range(indices.dim())), list(range(axis, axis + indices.dim())))

    def reference(x, indices):
        if not elementwise:
            return plain(x, indices, axis)
        batch = torch.broadcast_shapes(x.shape[:1], indices.shape[:1])[0]
        x, indices = x.expand(batch, *x.shape[1:]), indices.expand(batch, *indices.shape[1:])
        return torch.stack([plain(a, i, axis - 1) for a, i in zip(x, indices, strict=True)])

    return reference


def gathered_elements(axis):
    def reference(x, indices):
        y = torch.zeros(indices.shape, dtype=x.dtype)
        for at in itertools.product(*map(range, indices.shape)):
            index, length = int(indices[at]), x.shape[axis]
            if -length <= index < length:
                y[at] = x[(*at[:axis], index, *at[axis + 1 :])]
        return y

    return reference


DEFAULT = [
    ((3, 4), (5,), 0, 0),
    ((3, 4), (2, 2), 1, 0),
    ((3, 4), (), 0, 0),
    ((3,), (), 0, 0),
    ((2, 3, 4), (2, 5), 1, 1),
    ((2, 3, 4), (1, 2, 2), 2, 1),
    ((1, 3, 4), (3, 2), 2, 1),
    ((0, 3), (2,), 0, 0),
    ((3, 0), (2,), 0, 0),
    ((3, 4), (0,), 1, 0),
]


@pytest.mark.parametrize("index_type", INDICES)
@pytest.mark.parametrize("dtype", MOVABLE)
@pytest.mark.parametrize(("data", "indices", "axis", "elementwise"), DEFAULT)
def test_default(data, indices, axis, elementwise, dtype, index_type):
    inputs = [sample(data, dtype, 1, 9), sample(indices, index_type, -5, 5)]
    check(gather(Mode.DEFAULT, axis, elementwise), inputs, gathered(axis, elementwise))


@pytest.mark.parametrize(("data", "indices", "axis", "elementwise"), DEFAULT)
def test_default_dynamic(data, indices, axis, elementwise):
    inputs = [sample(data), sample(indices, torch.int64, -5, 5)]
    build = gather(Mode.DEFAULT, axis, elementwise)
    check(build, inputs, gathered(axis, elementwise), dynamic=True)


@pytest.mark.parametrize("index_type", INDICES)
@pytest.mark.parametrize("dtype", MOVABLE)
@pytest.mark.parametrize(
    ("data", "indices", "elementwise"),
    [
        ((2, 3, 4), (5, 2), 0),
        ((2, 3, 4), (3, 2, 3), 0),
        ((2, 3, 4), (2, 2, 1), 1),
        ((2, 3, 4), (2, 2), 1),
        ((3,), (1,), 0),
        ((3, 4), (2, 0), 0),
        ((0, 4), (2, 1), 0),
        ((2, 3), (0, 2), 0),
    ],
)
def test_nd(data, indices, elementwise, dtype, index_type):
    inputs = [sample(data, dtype, 1, 9), sample(indices, index_type, -4, 4)]
    check(gather(Mode.ND, 0, elementwise), inputs, gathered_nd(elementwise))


@pytest.mark.parametrize("index_type", INDICES)
@pytest.mark.parametrize("dtype", MOVABLE)
@pytest.mark.parametrize(
    ("data", "indices", "axis"),
    [((3, 4), (3, 2), 1), ((3, 4), (7, 2), 0), ((3, 4), (0, 4), 0), ((0, 4), (2, 3), 0), ((4,), (9,), 0)],
)
def test_element(data, indices, axis, dtype, index_type):
    inputs = [sample(data, dtype, 1, 9), sample(indices, index_type, -5, 5)]
    check(gather(Mode.ELEMENT, axis), inputs, gathered_elements(axis), dynamic=[None, None])


def test_gather_refusals():
    x, i = sample((3, 4)), sample((2,), torch.int32)
    assert "axis 2" in build_error(gather(Mode.DEFAULT, 2), [x, i])
    assert "ELEMENT" in build_error(gather(Mode.ELEMENT, 1), [x, i])
    assert "longer" in build_error(gather(Mode.ELEMENT, 1), [x, sample((4, 4), torch.int32)])
    assert "at most 2" in build_error(gather(Mode.ND), [x, sample((5, 3), torch.int32)])
    assert "indices" in build_error(gather(), [x, sample((2,))])


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_gather_of_any_shape(data):
    shape = data.draw(st.lists(st.integers(0, 3), min_size=1, max_size=3))
    axis = data.draw(st.integers(0, len(shape) - 1))
    mode = data.draw(st.sampled_from([Mode.DEFAULT, Mode.ELEMENT, Mode.ND]))
    outer = data.draw(st.lists(st.integers(0, 3), max_size=2))
    if mode == Mode.ELEMENT:
        outer = [
            data.draw(st.integers(0, 4)) if i == axis else data.draw(st.integers(0, n))
            for i, n in enumerate(shape)
        ]
    elif mode == Mode.ND:
        outer.append(data.draw(st.integers(0, len(shape))))
    reference = {Mode.DEFAULT: gathered(axis), Mode.ELEMENT: gathered_elements(axis), Mode.ND: gathered_nd()}[
        mode
    ]
    check(gather(mode, axis), [sample(shape, low=1, high=9), sample(outer, torch.int64, -5, 5)], reference)


SELECTS = [
    ((2, 3), (2, 3), (2, 3)),
    ((2, 1), (1, 3), (1, 1)),
    ((1,), (4,), (1,)),
    ((), (), ()),
    ((0, 1), (1, 3), (1, 1)),
    ((1, 1), (1, 0), (1, 1)),
]


@pytest.mark.parametrize("dynamic", STATIC_AND_DYNAMIC)
@pytest.mark.parametrize("dtype", [t for t in MOVABLE if t != torch.int8])
@pytest.mark.parametrize("shapes", SELECTS, ids=str)
def test_select(shapes, dtype, dynamic):
    condition, then, otherwise = shapes
    inputs = [sample(condition, torch.bool), sample(then, dtype), sample(otherwise, dtype, seed=1)]
    check(lambda n, *x: n.add_select(*x), inputs, torch.where, dynamic=dynamic, dtypes=[dtype])


def test_select_refusals():
    condition, x = sample((2,), torch.bool), sample((2,))
    assert "must be bool" in build_error(lambda n, *x: n.add_select(*x), [x, x, x])
    assert "float16" in build_error(lambda n, *x: n.add_select(*x), [condition, x, x.half()])
    assert build_error(lambda n, *x: n.add_select(*x), [condition, sample((3,)), x])

"""Scatter in both modes: every axis and type, several updates of one element, indices outside."""

import itertools

import pytest
import tensorrt as trt
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engine._case import FLOATS, INDICES, STATIC_AND_DYNAMIC, build_error, check, sample

TYPES = [*FLOATS, torch.int32, torch.int64, torch.bool]
Mode = trt.ScatterMode


def scatter(mode=Mode.ELEMENT, axis=0):
    def build(n, data, indices, updates):
        layer = n.add_scatter(data, indices, updates, mode)
        layer.axis = axis
        return layer

    return build


def inside(index, length):
    """The place a number names, or None."""
    return index % length if -length <= index < length else None


def scattered_elements(axis):
    def reference(data, indices, updates):
        y = data.clone()
        for at in itertools.product(*map(range, indices.shape)):
            place = inside(int(indices[at]), data.shape[axis])
            if place is not None:
                y[(*at[:axis], place, *at[axis + 1 :])] = updates[at]
        return y

    return reference


def scattered_entries(data, indices, updates):
    y = data.clone()
    for at in itertools.product(*map(range, indices.shape[:-1])):
        places = tuple(map(inside, indices[at].tolist(), data.shape))
        if None not in places:
            y[places] = updates[at]
    return y


def inputs_of(data, indices, updates, dtype=torch.float32, index_type=torch.int64):
    low, high = (-4, 4) if max(data, default=0) < 5 else (-7, 7)
    return [
        sample(data, dtype, 1, 9),
        sample(indices, index_type, low, high),
        sample(updates, dtype, 11, 99, seed=1),
    ]


ELEMENTS = [
    ((5,), (9,), 0),
    ((3, 4), (3, 4), 0),
    ((3, 4), (6, 4), 0),
    ((3, 4), (2, 7), 1),
    ((2, 3, 4), (2, 5, 3), 1),
    ((2, 3, 4), (1, 2, 9), 2),
    ((2, 3), (0, 3), 0),
    ((0, 3), (2, 3), 0),
    ((3, 0), (3, 2), 1),
]


@pytest.mark.parametrize("index_type", INDICES)
@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize(("data", "indices", "axis"), ELEMENTS)
def test_element(data, indices, axis, dtype, index_type):
    check(scatter(axis=axis), inputs_of(data, indices, indices, dtype, index_type), scattered_elements(axis))


@pytest.mark.parametrize(("data", "indices", "axis"), ELEMENTS)
def test_element_dynamic(data, indices, axis):
    check(scatter(axis=axis), inputs_of(data, indices, indices), scattered_elements(axis), dynamic=True)


ENTRIES = [
    ((5,), (9, 1), (9,)),
    ((5,), (1,), ()),
    ((3, 4), (6, 1), (6, 4)),
    ((3, 4), (2, 5, 2), (2, 5)),
    ((2, 3, 4), (7, 2), (7, 4)),
    ((2, 3, 4), (2, 3, 1), (2, 3, 3, 4)),
    ((2, 3, 4), (1,), (3, 4)),
    ((2, 3), (4, 0), (4, 2, 3)),
    ((2, 3), (0,), (2, 3)),
    ((2, 3), (0, 2), (0,)),
    ((0, 3), (2, 1), (2, 3)),
    ((3, 0), (2, 1), (2, 0)),
]


@pytest.mark.parametrize("index_type", INDICES)
@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize(("data", "indices", "updates"), ENTRIES)
def test_nd(data, indices, updates, dtype, index_type):
    check(scatter(Mode.ND), inputs_of(data, indices, updates, dtype, index_type), scattered_entries)


@pytest.mark.parametrize(
    ("data", "indices", "updates"), [row for row in ENTRIES if len(row[1]) > 1 and 0 not in row[1][-1:]]
)
def test_nd_dynamic(data, indices, updates):
    """All lengths but that of the tuples."""

    def span(shape):
        return shape, shape, tuple(n + 1 if n > 1 else n for n in shape)

    m = indices[-1:]
    ranges = [span(data), tuple((*s, *m) for s in span(indices[:-1])), span(updates)]
    check(scatter(Mode.ND), inputs_of(data, indices, updates), scattered_entries, dynamic=ranges)


@pytest.mark.parametrize("mode", [Mode.ELEMENT, Mode.ND])
def test_the_last_update_of_an_element_stays(mode):
    count = 20000
    indices = sample((count,), torch.int64, 0, 7)
    updates = torch.arange(count, dtype=torch.float32)
    tuples = indices if mode == Mode.ELEMENT else indices.unsqueeze(1)
    expected = torch.tensor([updates[indices == i].max() for i in range(7)])
    check(scatter(mode), [torch.zeros(7), tuples, updates], lambda *_: expected)


@settings(max_examples=80, deadline=None)
@given(st.data())
def test_any_shape(data):
    shape = data.draw(st.lists(st.integers(0, 3), min_size=1, max_size=3))
    axis = data.draw(st.integers(0, len(shape) - 1))
    mode = data.draw(st.sampled_from([Mode.ELEMENT, Mode.ND]))
    if mode == Mode.ELEMENT:
        indices = updates = [
            data.draw(st.integers(0, 5 if i == axis else length)) for i, length in enumerate(shape)
        ]
        reference = scattered_elements(axis)
    else:
        m = data.draw(st.integers(0, len(shape)))
        outer = data.draw(st.lists(st.integers(0, 4), max_size=2))
        indices, updates, reference = [*outer, m], [*outer, *shape[m:]], scattered_entries
    check(scatter(mode, axis), inputs_of(shape, indices, updates), reference)


@pytest.mark.parametrize("dynamic", STATIC_AND_DYNAMIC)
def test_data_stay_as_they_are(dynamic):
    """The copy is the layer's own: another layer still reads the data."""

    def build(n, data, indices, updates):
        y = n.add_scatter(data, indices, updates, Mode.ELEMENT).get_output(0)
        return [y, n.add_unary(data, trt.UnaryOperation.NEG).get_output(0)]

    inputs = inputs_of((3, 4), (2, 4), (2, 4))
    check(
        build,
        inputs,
        lambda *x: [scattered_elements(0)(*x), -x[0]],
        dynamic=dynamic,
        dtypes=[torch.float32] * 2,
    )


def test_constant_operands():
    indices, updates = torch.tensor([[1], [-1], [1], [9]]), torch.tensor([5.0, 6, 7, 8])

    def build(n, x):
        return n.add_scatter(x, n.constant(indices), n.constant(updates), Mode.ND)

    check(build, [torch.arange(4.0)], lambda x: torch.tensor([0, 7, 2, 6.0]))


X, INDEX = sample((3, 4)), sample((3, 4), torch.int32)
REFUSED = {
    "Scatter c1: data of int8": (scatter(), [X.to(torch.int8), INDEX, X.to(torch.int8)], "int8"),
    "Scatter c1: indices": (scatter(), [X, X, X], "indices"),
    "Scatter c1: updates of another type": (scatter(), [X, INDEX, X.half()], "float16"),
    "Scatter c2: scalar": (scatter(), [X[0, 0], INDEX[0, 0], X[0, 0]], "at least one axis"),
    "Scatter c3: axis": (scatter(axis=2), [X, INDEX, X], "axis 2 lies outside"),
    "Scatter c4: ranks": (scatter(), [X, INDEX[0], X], "one rank"),
    "Scatter c4: rank of the updates": (scatter(), [X, INDEX, X[0]], "one rank"),
    "Scatter c5: lengths": (scatter(), [X, INDEX[:2], X], "same lengths"),
    "Scatter c6: longer off the axis": (scatter(axis=1), [X[:2], INDEX, X], "longer than that of data"),
    "Scatter c7: m above the rank": (scatter(Mode.ND), [X, INDEX[:, :3], X[0, :3]], "at most 2"),
    "Scatter c7: no axis": (scatter(Mode.ND), [X, INDEX[0, 0], X], "last length of the indices"),
    "Scatter c8: lengths": (scatter(Mode.ND), [X, INDEX[:, :1], X[:, :3]], "from axis 1 on"),
    "Scatter c8: rank": (scatter(Mode.ND), [X, INDEX[:, :2], X], "from axis 2 on"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refusals(name):
    build, inputs, message = REFUSED[name]
    assert message in build_error(build, inputs)


def test_the_length_of_tuples_is_known_at_build_time():
    """Scatter c7"""
    ranges = [None, ((2, 1), (2, 1), (2, 2)), None]
    log = build_error(scatter(Mode.ND), [X, INDEX[:2, :1], X[:2]], dynamic=ranges)
    assert "known" in log

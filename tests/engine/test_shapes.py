"""Shuffle, Squeeze, Unsqueeze, Concatenation, Shape: what changes shapes and keeps elements."""

import pytest
import tensorrt as trt
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engine._case import STATIC_AND_DYNAMIC, build_error, check, growing, sample
from tests.engine._late import run_late
from tests.engine._session import Session

MOVABLE = [torch.float32, torch.float16, torch.bfloat16, torch.int8, torch.int32, torch.int64, torch.bool]


def shuffle(first=None, dims=None, second=None, zero_is_placeholder=True):
    def build(n, x, *dims_input):
        layer = n.add_shuffle(x)
        layer.zero_is_placeholder = zero_is_placeholder
        if first is not None:
            layer.first_transpose = trt.Permutation(first)
        if dims is not None:
            layer.reshape_dims = dims
        if second is not None:
            layer.second_transpose = trt.Permutation(second)
        return layer

    return build


def shuffled(first=None, dims=None, second=None):
    def reference(x):
        x = x.permute(first) if first else x
        if dims is not None:
            x = x.reshape([x.shape[i] if n == 0 else n for i, n in enumerate(dims)])
        return x.permute(second) if second else x

    return reference


SHUFFLES = [
    ((2, 3, 4), ((1, 2, 0), None, None)),
    ((2, 3, 4), (None, (0, -1), None)),
    ((2, 3, 4), ((2, 0, 1), (0, 6), (1, 0))),
    ((2, 3, 4), (None, (-1,), None)),
    ((2, 3, 4), (None, (0, 0, 2, -1), (3, 0, 1, 2))),
    ((1, 1), (None, (), None)),
    ((), (None, (1, 1, 1), (2, 1, 0))),
    ((0, 3), (None, (0, 3, 1), (2, 1, 0))),
    ((2,) * 8, ((7, 6, 5, 4, 3, 2, 1, 0), None, None)),
]


@pytest.mark.parametrize("dtype", MOVABLE)
@pytest.mark.parametrize(("shape", "arguments"), SHUFFLES, ids=str)
def test_shuffle(shape, arguments, dtype):
    check(shuffle(*arguments), [sample(shape, dtype)], shuffled(*arguments))


@pytest.mark.parametrize(("shape", "arguments"), SHUFFLES[:5], ids=str)
def test_shuffle_dynamic(shape, arguments):
    first = arguments[0] or range(len(shape))
    x = sample(shape)
    span = growing(x, first[0]) if arguments[1] else growing(x, 0, 1, 2)
    check(shuffle(*arguments), [x], shuffled(*arguments), dynamic=[span])


def test_zero_length_without_placeholder():
    check(shuffle(None, (0, 5), None, False), [sample((3, 0))], lambda x: x.reshape(0, 5))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((None, (7,)), "changes volume"),
        ((None, (-1, -1)), "one length only"),
        ((None, (0, 0, 0, 1)), "position 2"),
    ],
)
def test_shuffle_refusals(arguments, message):
    assert message in build_error(shuffle(*arguments), [sample((2, 3))])


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_shuffle_of_any_shape(data):
    shape = data.draw(st.lists(st.integers(0, 3), max_size=5))
    first = data.draw(st.permutations(range(len(shape))))
    factors = [n for n in (shape[i] for i in first) if n != 1]
    dims = data.draw(st.permutations(factors + [1] * data.draw(st.integers(0, 2))))
    second = data.draw(st.permutations(range(len(dims))))
    arguments = (first or None, dims, second or None)
    reference = (lambda x: x.permute(first).reshape(dims).permute(second)) if dims or shape else lambda x: x
    check(shuffle(*arguments, False), [sample(shape)], reference)


def test_transposes_may_be_set_before_the_lengths_they_apply_to():
    def build(n, x, y):
        first = n.add_shuffle(x)
        first.second_transpose = (2, 0, 1)
        first.reshape_dims = (2, 3, 2)
        second = n.add_shuffle(x)
        second.first_transpose = (1, 0)
        second.reshape_dims = (4, 3)
        second.second_transpose = (1, 0)
        second.reshape_dims = (3, 2, 2)
        second.second_transpose = (0, 2, 1)
        second.set_input(0, y)
        second.first_transpose = (2, 1, 0)
        third = n.add_shuffle(x)
        third.second_transpose = (3, 2, 1, 0)
        third.set_input(1, n.constant(torch.tensor([1, 2, 3, 2])))
        return [layer.get_output(0) for layer in (first, second, third)]

    def reference(x, y):
        return (
            x.reshape(2, 3, 2).permute(2, 0, 1),
            y.permute(2, 1, 0).reshape(3, 2, 2).permute(0, 2, 1),
            x.reshape(1, 2, 3, 2).permute(3, 2, 1, 0),
        )

    inputs = [sample((2, 6)), sample((1, 2, 6), seed=1)]
    check(build, inputs, reference, dtypes=[torch.float32] * 3)


def test_a_transpose_of_other_axes_is_an_error_of_the_build():
    def build(n, x):
        layer = n.add_shuffle(x)
        layer.second_transpose = (2, 0, 1)
        return layer

    message = "second transpose [2, 0, 1] is no permutation"
    assert message in build_error(build, [sample((2, 6))])  # Shuffle c2


def axes_layer(add, axes):
    return lambda n, x: getattr(n, add)(x, n.constant(torch.tensor(axes, dtype=torch.int64)))


@pytest.mark.parametrize("dynamic", STATIC_AND_DYNAMIC)
@pytest.mark.parametrize("dtype", MOVABLE)
@pytest.mark.parametrize(
    ("shape", "axes"), [((1, 3, 1), [0, -1]), ((2, 1), [1]), ((0, 1), [1]), ((1,), [0]), ((2,), [])]
)
def test_squeeze(shape, axes, dtype, dynamic):
    check(axes_layer("add_squeeze", axes), [sample(shape, dtype)], lambda x: x.squeeze(axes), dynamic=dynamic)


@pytest.mark.parametrize("dynamic", STATIC_AND_DYNAMIC)
@pytest.mark.parametrize("dtype", MOVABLE)
@pytest.mark.parametrize(("shape", "axes"), [((2, 3), [0, -1]), ((), [0]), ((0, 3), [1]), ((3,), [])])
def test_unsqueeze(shape, axes, dtype, dynamic):
    rank = len(shape) + len(axes)
    inserted = sorted(axis % rank for axis in axes)

    def reference(x):
        for axis in inserted:
            x = x.unsqueeze(axis)
        return x

    check(axes_layer("add_unsqueeze", axes), [sample(shape, dtype)], reference, dynamic=dynamic)


def test_squeeze_of_a_longer_axis_is_refused():
    assert "length 1" in build_error(axes_layer("add_squeeze", [0]), [sample((2, 1))])
    assert "named twice" in build_error(axes_layer("add_unsqueeze", [0, -3]), [sample((2,))])


def concatenation(axis):
    def build(n, *tensors):
        layer = n.add_concatenation(list(tensors))
        layer.axis = axis
        return layer

    return build


@pytest.mark.parametrize("dynamic", STATIC_AND_DYNAMIC)
@pytest.mark.parametrize("dtype", MOVABLE)
@pytest.mark.parametrize(
    ("axis", "shapes"),
    [(0, [(2, 3), (0, 3), (4, 3)]), (1, [(2, 1, 3), (2, 2, 3)]), (0, [(0,), (0,)]), (0, [(5,)])],
)
def test_concatenation(axis, shapes, dtype, dynamic):
    inputs = [sample(shape, dtype, seed=i) for i, shape in enumerate(shapes)]
    spans = [growing(x, axis) if dynamic else None for x in inputs]
    check(concatenation(axis), inputs, lambda *x: torch.cat(x, axis), dynamic=spans)


def test_concatenation_default_axis_is_the_third_from_the_end():
    inputs = [sample((2, 3, 4, 5)), sample((2, 1, 4, 5))]
    check(lambda n, *x: n.add_concatenation(list(x)), inputs, lambda *x: torch.cat(x, 1))


def test_concatenations_that_are_too_long():
    """Concatenation c1, c6"""
    session = Session()
    long = session.input("x", (2**62, 1))
    assert session.network.add_concatenation([long] * 10001) is None
    assert "Error Code 3" in (error := session.logger.last_error()) and "at most 10000" in error
    layer = session.network.add_concatenation([long, long])
    session.network.mark_output(layer.get_output(0))
    assert session.plan() is None
    assert "more than 64 bits hold" in session.logger.last_error()


def test_concatenation_refusals():
    assert "input 1 has float16" in build_error(concatenation(0), [sample((2,)), sample((2,), torch.float16)])
    assert "beside axis 0" in build_error(concatenation(0), [sample((2, 3)), sample((2, 4))])


@pytest.mark.parametrize("dynamic", STATIC_AND_DYNAMIC)
@pytest.mark.parametrize("shape", [(2, 3), (), (0, 1, 2)])
def test_shape(shape, dynamic):
    x = sample(shape)
    check(
        lambda n, x: n.add_shape(x),
        [x],
        lambda x: torch.tensor(x.shape, dtype=torch.int64),
        dynamic=dynamic,
        dtypes=[torch.int64],
    )


def flatten_by_arithmetic(n, x):
    """reshape(x, [x.shape[0], x.shape[1] * x.shape[2]]), all computed in the network."""
    lengths = n.add_shape(x).get_output(0)

    def length(axis):
        index = n.constant(torch.tensor([axis], dtype=torch.int64))
        return n.add_gather(lengths, index, 0).get_output(0)

    product = n.add_elementwise(length(1), length(2), trt.ElementWiseOperation.PROD).get_output(0)
    layer = n.add_shuffle(x)
    layer.set_input(1, n.add_concatenation([length(0), product]).get_output(0))
    return layer


@pytest.mark.parametrize("dynamic", STATIC_AND_DYNAMIC)
@pytest.mark.parametrize("shape", [(2, 3, 4), (0, 3, 4)])
def test_reshape_to_computed_lengths(shape, dynamic):
    check(flatten_by_arithmetic, [sample(shape)], lambda x: x.flatten(1), dynamic=dynamic)


def reshape_to_largest(n, x, numbers):
    """The dims come from TopK, whose values no shape analysis knows: the run reads them back."""
    layer = n.add_shuffle(x)
    layer.set_input(1, n.add_topk(numbers, trt.TopKOperation.MAX, 2, 1).get_output(0))
    return layer


@pytest.mark.parametrize("numbers", [[4, 1, 6], [24, 1, 0], [2, -1, 12]])
def test_reshape_to_lengths_of_a_device_tensor(numbers):
    x = sample((2, 3, 4))
    actual = run_late(reshape_to_largest, [x, torch.tensor(numbers, dtype=torch.int32)])
    torch.testing.assert_close(actual, x.reshape(sorted(numbers)[:0:-1]))

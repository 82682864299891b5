"""Slice and Padding."""

import pytest
import tensorrt as trt
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engine._case import STATIC_AND_DYNAMIC, build_error, check, growing, sample
from tests.engine._late import run_late

MOVABLE = [torch.float32, torch.float16, torch.bfloat16, torch.int8, torch.int32, torch.int64, torch.bool]
Mode = trt.SampleMode
OUTSIDE = [Mode.WRAP, Mode.CLAMP, Mode.FILL, Mode.REFLECT]


def slice_layer(start, size, stride, mode=Mode.STRICT_BOUNDS, axes=None):
    def build(n, x, fill=None):
        layer = n.add_slice(x, start, size, stride)
        layer.mode = mode
        if axes is not None:
            layer.axes = axes
        if fill is not None:
            layer.set_input(4, fill)
        return layer

    return build


def source(mode, index, length):
    """The index that a mode reads in place of `index`; None: the fill value."""
    if mode == Mode.WRAP:
        return index % length
    if mode == Mode.CLAMP:
        return min(max(index, 0), length - 1)
    if mode == Mode.REFLECT:
        period = max(2 * length - 2, 1)
        index = abs(index) % period
        return index if index < length else period - index
    return index if 0 <= index < length else None


def sliced(start, size, stride, mode=Mode.STRICT_BOUNDS, axes=None):
    def reference(x, fill=None):
        for k, axis in enumerate(range(x.dim()) if axes is None else axes):
            value = x.new_zeros(()) if fill is None else fill
            lost = value.expand(
                x.select(axis, 0).shape if x.shape[axis] else x.narrow(axis, 0, 0).sum(axis).shape
            )
            found = [source(mode, start[k] + i * stride[k], x.shape[axis]) for i in range(size[k])]
            parts = [lost if at is None else x.select(axis, at) for at in found]
            x = torch.stack(parts, axis) if parts else x.narrow(axis, 0, 0)
        return x

    return reference


SLICES = [
    ((3, 4), ((1, 0), (2, 2), (1, 2))),
    ((3, 4), ((2, 3), (3, 4), (-1, -1))),
    ((3, 4), ((1, 2), (5, 2), (0, -2))),
    ((3, 4), ((0, 0), (0, 4), (1, 1))),
    ((3, 4), ((3, 0), (0, 1), (1, 1))),
    ((0, 4), ((0, 1), (0, 3), (1, 1))),
    ((5,), ((4,), (3,), (-2,))),
    ((), ((), (), ())),
]


@pytest.mark.parametrize("dynamic", STATIC_AND_DYNAMIC)
@pytest.mark.parametrize("dtype", MOVABLE)
@pytest.mark.parametrize(("shape", "arguments"), SLICES, ids=str)
def test_strict_bounds(shape, arguments, dtype, dynamic):
    check(slice_layer(*arguments), [sample(shape, dtype)], sliced(*arguments), dynamic=dynamic)


@pytest.mark.parametrize("dtype", MOVABLE)
@pytest.mark.parametrize("mode", OUTSIDE)
def test_outside(mode, dtype):
    for arguments in [((-2, -5), (6, 12), (1, 1)), ((4, 3), (7, 5), (-1, -3)), ((-1, 7), (3, 2), (0, 0))]:
        x = sample((3, 4), dtype)
        check(slice_layer(*arguments, mode), [x], sliced(*arguments, mode), dynamic=[growing(x)])


@pytest.mark.parametrize("dynamic", STATIC_AND_DYNAMIC)
@pytest.mark.parametrize("dtype", MOVABLE)
def test_fill_value(dtype, dynamic):
    arguments = ((-1, 2), (4, 4), (1, 1), Mode.FILL)
    x, fill = sample((3, 4), dtype), sample((), dtype, 2, 3)
    span = [growing(x, 0, 1), None] if dynamic else False
    check(slice_layer(*arguments), [x, fill], sliced(*arguments), dynamic=span)
    check(slice_layer((0, 0), (2, 2), (1, 1), Mode.FILL), [sample((0, 1), dtype), fill],
          lambda x, fill: fill.expand(2, 2))  # fmt: skip


@pytest.mark.parametrize("dynamic", STATIC_AND_DYNAMIC)
def test_axes(dynamic):
    arguments = ((1, 2), (2, 1), (1, -1), Mode.STRICT_BOUNDS, (2, 0))
    x = sample((3, 2, 4))
    check(slice_layer(*arguments), [x], sliced(*arguments), dynamic=dynamic)
    check(
        slice_layer((1,), (1,), (1,), Mode.STRICT_BOUNDS, (-1,)), [x], lambda x: x[..., 1:2], dynamic=dynamic
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (((1, 0), (3, 4), (1, 1)), "STRICT_BOUNDS"),
        (((0, 0), (1, 2), (1, -1)), "STRICT_BOUNDS"),
        (((0,), (1, 1), (1, 1)), "start has 1"),
        (((0, 0), (1, 1), (1, 1), Mode.CLAMP, (0, 0)), "named twice"),
    ],
)
def test_refusals(arguments, message):
    assert message in build_error(slice_layer(*arguments), [sample((3, 4))])


def test_refusal_of_a_fill_value_in_another_mode():
    inputs = [sample((3,)), sample(())]
    assert "FILL" in build_error(slice_layer((0,), (1,), (1,), Mode.CLAMP), inputs)
    inputs = [sample((0,))]
    assert "empty axis" in build_error(slice_layer((0,), (1,), (1,), Mode.CLAMP), inputs)


FAR = 1 << 62


@pytest.mark.parametrize("mode", OUTSIDE)
@pytest.mark.parametrize(
    ("start", "size", "stride"),
    [(0, 3, FAR - 1), (FAR, 2, 1), (-FAR, 2, 1), (0, 1, -2 * FAR), (5, 4, 1 - FAR)],
)
def test_positions_beyond_all_numbers(mode, start, size, stride):
    inputs = [sample((5,))]
    assert "beyond 2^62" in build_error(slice_layer((start,), (size,), (stride,), mode), inputs)  # c11


@pytest.mark.parametrize("mode", OUTSIDE)
def test_large_positions(mode):
    for start, size, stride in [(1 - FAR, 2, 1), (3, 2, FAR // 2), (FAR - 1, 3, -1)]:
        arguments = (start,), (size,), (stride,), mode
        check(slice_layer(*arguments), [sample((5,))], sliced(*arguments))


def lengths_of(n, x):
    return n.add_shape(x).get_output(0)


def numbers(n, *values):
    return n.constant(torch.tensor(values, dtype=torch.int64))


def drop_first(n, x):
    """x[1:], its size computed from the shape."""
    size = n.add_elementwise(lengths_of(n, x), numbers(n, 1, 0), trt.ElementWiseOperation.SUB)
    layer = n.add_slice(x, (1, 0), (0, 0), (1, 1))
    layer.set_input(2, size.get_output(0))
    return layer


def last_column(n, x):
    """x[:, -1:], start and size computed from the shape."""
    rows_and_one = n.add_elementwise(lengths_of(n, x), numbers(n, 1 << 40, 1), trt.ElementWiseOperation.MIN)
    start = n.add_elementwise(lengths_of(n, x), rows_and_one.get_output(0), trt.ElementWiseOperation.SUB)
    layer = n.add_slice(x, (0, 0), (0, 0), (1, 1))
    layer.set_input(1, start.get_output(0))
    layer.set_input(2, rows_and_one.get_output(0))
    return layer


@pytest.mark.parametrize("dynamic", STATIC_AND_DYNAMIC)
@pytest.mark.parametrize("dtype", MOVABLE)
def test_computed_parameters(dtype, dynamic):
    check(drop_first, [sample((3, 4), dtype)], lambda x: x[1:], dynamic=dynamic)
    check(last_column, [sample((3, 4), dtype)], lambda x: x[:, -1:], dynamic=dynamic)


def test_axes_as_a_tensor():
    def build(n, x):
        layer = n.add_slice(x, (1,), (2,), (1,))
        layer.set_input(5, numbers(n, -1))
        return layer

    check(build, [sample((3, 4))], lambda x: x[:, 1:3])


def slice_by_largest(n, x, candidates):
    layer = n.add_slice(x, (0,), (0,), (1,))
    layer.set_input(2, n.add_topk(candidates, trt.TopKOperation.MAX, 1, 1).get_output(0))
    return layer


@pytest.mark.parametrize("size", [0, 2, 5])
def test_size_of_a_device_tensor(size):
    x = sample((5,))
    actual = run_late(slice_by_largest, [x, torch.tensor([-3, size, -1], dtype=torch.int32)])
    torch.testing.assert_close(actual, x[:size])


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_slices_of_any_shape(data):
    mode = data.draw(st.sampled_from(OUTSIDE))
    shape = data.draw(st.lists(st.integers(0 if mode == Mode.FILL else 1, 4), max_size=3))

    def vector(low, high):
        return tuple(data.draw(st.integers(low, high)) for _ in shape)

    arguments = (vector(-9, 9), vector(0, 6), vector(-3, 3), mode)
    dtype = data.draw(st.sampled_from([torch.float32, torch.int32]))
    check(slice_layer(*arguments), [sample(shape, dtype)], sliced(*arguments))


def padding(pre, post):
    return lambda n, x: n.add_padding_nd(x, pre, post)


@pytest.mark.parametrize("dynamic", STATIC_AND_DYNAMIC)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16, torch.int8])
@pytest.mark.parametrize(
    ("pre", "post"), [((1, 2), (0, 3)), ((-1, 0), (2, -2)), ((0, 0), (0, 0)), ((-3, 1), (4, 0))]
)
def test_padding(pre, post, dtype, dynamic):
    pads = (pre[1], post[1], pre[0], post[0])

    def reference(x):
        wide = torch.nn.functional.pad(x, [max(p, 0) for p in pads])
        return torch.nn.functional.pad(wide, [min(p, 0) for p in pads])

    check(padding(pre, post), [sample((2, 3, 4), dtype)], reference, dynamic=dynamic)
    check(padding((1, 1), (1, 1)), [sample((1, 0, 2), dtype)], lambda x: x.new_zeros(1, 2, 4))


def test_padding_refusals():
    assert "length -1" in build_error(padding((-2, 0), (-2, 0)), [sample((3, 3))])
    far = 1 << 62
    assert "fit into 64 bits" in build_error(padding((far, 0), (far, 0)), [sample((3, 3))])  # Padding c4
    check(padding((far, 0), (-far, 0)), [sample((3, 3))], lambda x: x * 0)

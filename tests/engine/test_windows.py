"""Convolution and Deconvolution: windows, paddings, groups, in 2-D and 3-D."""

import numpy as np
import pytest
import tensorrt as trt
import torch
import torch.nn.functional as F
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.engine._case import FLOATS, STATIC_AND_DYNAMIC, build_error, check, growing, sample
from tests.engine._session import Session
from tests.engine._windows import DOWN, LOWER, UP, UPPER, T, configure, pad_list, paddings, pooled, pooling

CONVOLUTIONS = [
    dict(),
    dict(stride=2, pre=1, post=1),
    dict(pre=2, post=0, dilation=2),
    dict(stride=3, pre=1, post=2, mode=UP),
    dict(stride=2, mode=UPPER),
    dict(stride=2, mode=LOWER, dilation=2),
    dict(stride=5, mode=UPPER),
]


def convolution(kernel, bias=None, groups=1, **window):
    nd = kernel.dim() - 2

    def build(n, x):
        weights = n.weights(bias) if bias is not None else None
        args = (x, kernel.shape[0], tuple(kernel.shape[2:]), n.weights(kernel))
        layer = n.add_convolution_nd(*args, weights) if weights else n.add_convolution_nd(*args)
        layer.num_groups = groups
        return configure(layer, nd, **window)

    return build


def convolved(kernel, bias=None, groups=1, stride=1, dilation=1, pre=0, post=0, mode=DOWN):
    nd = kernel.dim() - 2
    function = F.conv2d if nd == 2 else F.conv3d

    def reference(x):
        rest = ((n,) * nd for n in (stride, dilation, pre, post))
        pads = paddings(mode, x.shape[2:], kernel.shape[2:], *rest)
        padded = F.pad(x, pad_list(pads))
        return function(
            padded, kernel.double(), None if bias is None else bias.double(), stride, 0, dilation, groups
        )

    return reference


@pytest.mark.parametrize("dynamic", STATIC_AND_DYNAMIC)
@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("nd", [2, 3])
@pytest.mark.parametrize("window", CONVOLUTIONS, ids=str)
def test_convolution(window, nd, dtype, dynamic):
    x = sample((2, 4, *(9, 8, 7)[:nd]), dtype)
    kernel, bias = sample((6, 2, *(3, 2, 3)[:nd]), dtype, -1, 1), sample((6,), dtype)
    spans = [growing(x, 0, *range(2, nd + 2))] if dynamic else False
    check(
        convolution(kernel, bias, groups=2, **window),
        [x],
        convolved(kernel, bias, groups=2, **window),
        dynamic=spans,
    )


@pytest.mark.parametrize("dtype", FLOATS)
def test_depthwise_and_pointwise_convolution(dtype):
    x = sample((1, 8, 6, 6), dtype)
    for kernel, groups in [(sample((8, 1, 3, 3), dtype), 8), (sample((5, 8, 1, 1), dtype), 1)]:
        check(convolution(kernel, groups=groups), [x], convolved(kernel, groups=groups))


@pytest.mark.parametrize("dtype", FLOATS)
def test_convolution_of_an_empty_batch(dtype):
    kernel = sample((6, 4, 3, 3), dtype)
    for window in CONVOLUTIONS:
        check(convolution(kernel, **window), [sample((0, 4, 8, 8), dtype)], convolved(kernel, **window))


@pytest.mark.parametrize("dtype", FLOATS)
def test_convolution_with_kernel_and_bias_tensors(dtype):
    def build(n, x, kernel, bias):
        layer = n.add_convolution_nd(x, 6, (3, 3), trt.Weights(x.dtype))
        layer.set_input(1, kernel)
        layer.set_input(2, bias)
        return layer

    inputs = [sample((2, 4, 5, 5), dtype), sample((6, 4, 3, 3), dtype), sample((6,), dtype)]
    check(build, inputs, F.conv2d)


def test_convolution_refuses_another_kernel_type():
    kernel = sample((6, 4, 3, 3))
    message = build_error(convolution(kernel), [sample((2, 4, 5, 5), torch.bfloat16)])
    assert "bfloat16 and float32" in message


def test_convolution_refuses_a_window_beyond_the_input():
    assert "not positive" in build_error(convolution(sample((6, 4, 3, 3))), [sample((2, 4, 2, 5))])


BOTH = pytest.mark.parametrize("kind", ["convolution", "deconvolution"])


def add_window(session, kind, shape=(1, 2, 5, 5), size=(3, 3)):
    session.kept = np.ones((2, 2, *size), np.float32)
    add = getattr(session.network, f"add_{kind}_nd")
    return add(session.input("x", shape), 2, size, trt.Weights(session.kept))


@BOTH
@pytest.mark.parametrize(
    ("shape", "size"), [((1, 2, 5), (3, 3)), ((1, 2, 5, 5), (3, 3, 3)), ((2,) * 6, (1, 1))]
)
def test_c5_ranks_are_told_at_once(kind, shape, size):
    """Convolution c5, Deconvolution c5"""
    session = Session()
    assert add_window(session, kind, shape, size) is None
    assert "Error Code 3" in (error := session.logger.last_error()) and "needs an input of rank" in error


HUGE = {
    "dilation": dict(dilation_nd=(2**63 - 1, 1)),
    "paddings": dict(pre_padding=(2**63 - 1, 0), post_padding=(2**63 - 1, 0)),
    "reach": dict(dilation_nd=(2**62, 1), pre_padding=(2**62, 0)),
}


@BOTH
@pytest.mark.parametrize("name", HUGE)
def test_c11_windows_of_more_than_64_bits(kind, name):
    """Convolution c11, Deconvolution c11"""
    session = Session()
    layer = add_window(session, kind)
    for attribute, value in HUGE[name].items():
        setattr(layer, attribute, value)
    session.network.mark_output(layer.get_output(0))
    assert session.plan() is None
    assert "does not fit into 64 bits" in session.logger.last_error()


def test_strides_beyond_the_input():
    """One window, however far the next one would be."""
    kernel = sample((2, 2, 3, 3), low=-1, high=1)
    for far in (dict(stride=1000), dict(stride=1000, mode=UPPER)):
        check(convolution(kernel, **far), [sample((1, 2, 5, 5))], convolved(kernel, **far))
    session = Session()
    layer = configure(add_window(session, "convolution"), 2, stride=2**63 - 1, mode=UPPER)
    assert tuple(layer.get_output(0).shape) == (1, 2, 1, 1)


@BOTH
def test_weights_take_the_place_of_inputs(kind):
    """Convolution c7, c9: of weights and inputs the later counts, if the weights are not empty"""
    session = Session()
    layer, bias = add_window(session, kind), np.ones(2, np.float32)
    layer.set_input(1, session.input("kernel", (2, 2, 3, 3)))
    layer.set_input(2, session.input("bias", (2,)))
    layer.kernel = layer.bias = trt.Weights()
    assert [layer.get_input(i).name for i in range(3)] == ["x", "kernel", "bias"]
    layer.bias = trt.Weights(bias)
    assert layer.get_input(2) is None
    layer.kernel = trt.Weights(session.kept)
    assert layer.get_input(1) is None
    layer.stride_nd = (0, 1)
    assert f"I{kind.capitalize()}Layer::setStrideNd: Error Code 3" in session.logger.last_error()
    session.network.mark_output(layer.get_output(0))
    assert session.plan() is not None, session.logger.errors()


# Padding trims, so modes that pad a convolution trim a deconvolution.
DECONVOLUTIONS = [
    dict(),
    dict(stride=2, pre=1, post=1),
    dict(stride=2, pre=1, post=0, dilation=2),
    dict(stride=3, pre=0, post=2, mode=UP),
    dict(stride=2, mode=UPPER),
    dict(stride=1, mode=LOWER),
    dict(stride=4, mode=UPPER),
]


def deconvolution(kernel, groups=1, bias=None, **window):
    nd = kernel.dim() - 2

    def build(n, x):
        args = (x, kernel.shape[1] * groups, tuple(kernel.shape[2:]), n.weights(kernel))
        layer = (
            n.add_deconvolution_nd(*args, n.weights(bias))
            if bias is not None
            else n.add_deconvolution_nd(*args)
        )
        layer.num_groups = groups
        return configure(layer, nd, **window)

    return build


def deconvolved(kernel, groups=1, bias=None, stride=1, dilation=1, pre=0, post=0, mode=DOWN):
    nd = kernel.dim() - 2
    function = F.conv_transpose2d if nd == 2 else F.conv_transpose3d

    def reference(x):
        full = function(
            x,
            kernel.double(),
            None if bias is None else bias.double(),
            stride=stride,
            dilation=dilation,
            groups=groups,
        )
        for axis in range(2, nd + 2):
            before, after = pre, post
            if mode in (UPPER, LOWER):
                total = max(0, 1 + dilation * (kernel.shape[axis] - 1) - stride)
                small = total // 2
                before, after = (small, total - small) if mode == UPPER else (total - small, small)
            full = full.narrow(axis, before, full.shape[axis] - before - after)
        return full

    return reference


@pytest.mark.parametrize("dynamic", STATIC_AND_DYNAMIC)
@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("nd", [2, 3])
@pytest.mark.parametrize("window", DECONVOLUTIONS, ids=str)
def test_deconvolution(window, nd, dtype, dynamic):
    x = sample((2, 4, *(4, 5, 3)[:nd]), dtype)
    kernel, bias = sample((4, 3, *(3, 4, 3)[:nd]), dtype, -1, 1), sample((6,), dtype)
    spans = [growing(x, 0, *range(2, nd + 2))] if dynamic else False
    check(
        deconvolution(kernel, 2, bias, **window), [x], deconvolved(kernel, 2, bias, **window), dynamic=spans
    )


@pytest.mark.parametrize("dtype", FLOATS)
def test_deconvolution_of_an_empty_batch(dtype):
    kernel = sample((4, 3, 3, 3), dtype)
    check(deconvolution(kernel), [sample((0, 4, 5, 5), dtype)], deconvolved(kernel))


window_axes = st.tuples(
    st.integers(1, 7), st.integers(1, 4), st.integers(1, 3), st.integers(0, 3), st.integers(0, 3)
)


# The second window along the longer axis starts behind all data.
@example((1, 2, 3, 1, 0), 1, UP, False)
@example((1, 2, 3, 1, 0), 1, UP, True)
@settings(max_examples=40, deadline=None)
@given(window_axes, st.integers(1, 4), st.sampled_from([DOWN, UP, UPPER, LOWER]), st.booleans())
def test_any_window(axis, dilation, mode, exclusive):
    """The same window along both axes, of different lengths."""
    length, size, stride, pre, post = axis
    reach = 1 + dilation * (size - 1)
    window = dict(stride=stride, pre=pre, post=post, mode=mode)
    x = sample((1, 2, length, length + 1))
    if mode in (UPPER, LOWER) or length + pre + post >= reach:
        kernel = sample((3, 2, size, size), low=-1, high=1)
        check(
            convolution(kernel, dilation=dilation, **window),
            [x],
            convolved(kernel, dilation=dilation, **window),
        )
    if mode in (UPPER, LOWER) or length + pre + post >= size:
        for kind in (T.MAX, T.AVERAGE):
            arguments = (kind, (size, size), exclusive)
            check(pooling(*arguments, **window), [x], pooled(*arguments, **window))

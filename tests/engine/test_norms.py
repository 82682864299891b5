"""Softmax, Normalization, Scale."""

import math

import pytest
import tensorrt as trt
import torch

from tests.engine._case import FLOATS, STATIC_AND_DYNAMIC, build_error, check, growing, run, sample
from tests.engine._members import needs


def softmax(axis):
    def build(n, x):
        layer = n.add_softmax(x)
        layer.axes = 1 << axis
        return layer

    return build


@pytest.mark.parametrize("dynamic", STATIC_AND_DYNAMIC)
@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize(
    ("shape", "axis"),
    [((5,), 0), ((2, 3, 4), 0), ((2, 3, 4), 1), ((2, 3, 4), 2), ((0, 3), 1), ((3, 0), 1), ((1, 1), 0)],
)
def test_softmax(shape, axis, dtype, dynamic):
    check(softmax(axis), [sample(shape, dtype, -9, 9)], lambda x: x.softmax(axis), dynamic=dynamic)


def test_softmax_of_special_values():
    inf = math.inf
    x = torch.tensor([[0, -inf], [-inf, -inf], [1e30, 1e30], [math.nan, 0]])
    (y,) = run(softmax(1), [x])
    torch.testing.assert_close(
        y, torch.tensor([[1, 0], [math.nan, math.nan], [0.5, 0.5], [math.nan, math.nan]]), equal_nan=True
    )


def test_softmax_default_axis_and_refusals():
    check(lambda n, x: n.add_softmax(x), [sample((2, 3, 4, 5))], lambda x: x.softmax(1))
    assert "int32" in build_error(softmax(0), [sample((3,), torch.int32)])


# ---- Normalization


def normalization(axes, groups=1, epsilon=1e-5):
    def build(n, x, scale, bias):
        layer = n.add_normalization(x, scale, bias, sum(1 << axis for axis in axes))
        layer.epsilon = epsilon
        layer.num_groups = groups
        return layer

    return build


def normalized(axes, groups=1, epsilon=1e-5):
    def reference(x, scale, bias):
        y = x
        if groups > 1:
            y = x.reshape(x.shape[0], groups, -1)
        over = [-1] if groups > 1 else list(axes)
        centred = y - y.mean(over, keepdim=True)
        y = (centred / (centred.square().mean(over, keepdim=True) + epsilon).sqrt()).reshape(x.shape)
        if scale.shape[1:2] == (groups,) and groups > 1:  # V1: per group
            scale, bias = (p.repeat_interleave(x.shape[1] // groups, 1) for p in (scale, bias))
        return y * scale + bias

    return reference


NORMALIZATIONS = [
    ((2, 5, 8), (1, 1, 8), (2,), 1),
    ((2, 5, 8), (1, 5, 8), (1, 2), 1),
    ((2, 6, 4, 3), (1, 6, 1, 1), (2, 3), 1),
    ((2, 6, 4), (1, 6, 1), (2,), 1),
    ((2, 6, 4, 3), (1, 3, 1, 1), (2, 3), 3),
    ((2, 6, 4, 3), (1, 1, 1, 1), (2, 3), 2),
    ((2, 6, 4, 3), (1, 6, 1, 1), (1,), 1),
    ((2, 6, 4, 3), (1, 6, 4, 3), (0,), 1),
    ((4, 8), (1, 8), (0,), 1),
    ((2, 3, 4), (1, 1, 1), (0, 2), 1),
    ((0, 5, 8), (1, 1, 8), (2,), 1),
    ((0, 6, 4, 3), (1, 6, 1, 1), (2, 3), 1),
    ((2, 6, 4, 3, 2), (1, 6, 1, 1, 1), (2, 3, 4), 1),
]


@pytest.mark.parametrize("dynamic", STATIC_AND_DYNAMIC)
@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize(("shape", "parameters", "axes", "groups"), NORMALIZATIONS, ids=str)
def test_normalization(shape, parameters, axes, groups, dtype, dynamic):
    x = sample(shape, dtype, -2, 5)
    scale, bias = sample(parameters, dtype, 0.5, 2), sample(parameters, dtype, seed=1)
    spans = [growing(x, 0), None, None] if dynamic else False
    check(normalization(axes, groups), [x, scale, bias], normalized(axes, groups), dynamic=spans)


@needs("INetworkDefinition.add_normalization_v2")
def test_normalization_with_per_channel_parameters_of_groups():
    """V2 has one scale and bias for each channel."""

    def build(n, x, scale, bias):
        layer = n.add_normalization_v2(x, scale, bias, 0b1100)
        layer.num_groups = 3
        return layer

    inputs = [sample((2, 6, 4, 3)), sample((1, 6, 1, 1), seed=1), sample((1, 6, 1, 1), seed=2)]
    check(build, inputs, lambda x, s, b: torch.nn.functional.group_norm(x, 3, s.flatten(), b.flatten()))


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("length", [1, 2, 7, 15, 16, 64, 77, 100, 197, 768, 1000, 2056, 8200, 20000])
def test_rows_of_any_length(length, dtype):
    inputs = [
        sample((3, length), dtype),
        sample((1, length), dtype, 0.5, 2),
        sample((1, length), dtype, seed=1),
    ]
    check(normalization((1,)), inputs, normalized((1,)))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_statistics_are_computed_in_float32(dtype):
    x = sample((4, 512), dtype, 100, 101)
    one, zero = torch.ones(1, 512, dtype=dtype), torch.zeros(1, 512, dtype=dtype)
    check(normalization((1,)), [x, one, zero], normalized((1,)))


@pytest.mark.parametrize(
    ("shape", "parameters", "axes", "groups", "message"),
    [
        ((2, 6, 4), (6,), (2,), 1, "one shape of rank 3"),
        ((2, 6, 4), (1, 5, 1), (2,), 1, "does not broadcast"),
        ((2, 6, 4), (1, 6, 1), (2,), 4, "6 channels do not make 4 groups"),
    ],
)
def test_normalization_refusals(shape, parameters, axes, groups, message):
    inputs = [sample(shape), sample(parameters), sample(parameters)]
    assert message in build_error(normalization(axes, groups), inputs)


def test_normalization_refuses_mixed_types():
    inputs = [sample((2, 4), torch.bfloat16), sample((1, 4)), sample((1, 4))]
    assert "bfloat16, float32, float32" in build_error(normalization((1,)), inputs)


# ---- Scale

MODES = {trt.ScaleMode.UNIFORM: (), trt.ScaleMode.CHANNEL: (6, 1, 1), trt.ScaleMode.ELEMENTWISE: (6, 4, 3)}


def scaled(mode, shift, scale, power):
    return lambda n, x: n.add_scale_nd(x, mode, *(n.weights(w) for w in (shift, scale, power)), 1)


@pytest.mark.parametrize("dynamic", STATIC_AND_DYNAMIC)
@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("mode", MODES)
def test_scale(mode, dtype, dynamic):
    x = sample((2, 6, 4, 3), dtype, 0.5, 2)
    shift, scale, power = (sample(MODES[mode], dtype, 0.5, 2, seed=i) for i in range(3))
    spans = [growing(x, 0)] if dynamic else False

    def reference(x):
        return (x * scale.double() + shift.double()) ** power.double()

    check(scaled(mode, shift, scale, power), [x], reference, dynamic=spans)


@pytest.mark.parametrize("dtype", FLOATS)
def test_scale_without_some_parameters(dtype):
    shift, nothing = sample((6,), dtype), torch.empty(0, dtype=dtype)
    x = sample((2, 6, 4, 3), dtype)
    build = scaled(trt.ScaleMode.CHANNEL, shift, nothing, nothing)
    check(build, [x], lambda x: x + shift.double().view(6, 1, 1))
    check(build, [x[:0]], lambda x: x)


def test_scale_refusals():
    weights, nothing = torch.ones(5), torch.empty(0)
    build = scaled(trt.ScaleMode.CHANNEL, weights, nothing, nothing)
    assert "shift has 5 elements, expected 6" in build_error(build, [sample((2, 6, 4, 3))])

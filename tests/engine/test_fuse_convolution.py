"""Convolution, residual and relu as one layer: what matches, what must not, and equal results."""

from __future__ import annotations

import pytest
import tensorrt as trt
import torch
import torch.nn.functional as F

from tests.engine._case import FLOATS, TRT_OF, check, sample
from tests.engine._passes import built, check_fused, kinds

KERNEL, BIAS = sample((4, 3, 3, 3), seed=1), sample((4,), seed=2)


def convolution(n, x, dtype=torch.float32, padding=(1, 1), kernel=KERNEL):
    layer = n.add_convolution_nd(x, 4, (3, 3), n.weights(kernel.to(dtype)), n.weights(BIAS.to(dtype)))
    layer.padding_nd = padding
    return layer


def relu(n, x):
    return n.add_activation(x, trt.ActivationType.RELU).get_output(0)


def add(n, a, b):
    return n.add_elementwise(a, b, trt.ElementWiseOperation.SUM).get_output(0)


def whole(dtype):
    return lambda n, x, r: relu(n, add(n, convolution(n, x, dtype).get_output(0), r))


def reference(dtype, with_relu=True, with_sum=True):
    def f(x, r=None):
        y = F.conv2d(x, KERNEL.to(dtype).double(), BIAS.to(dtype).double(), padding=1)
        y = y + r if with_sum else y
        return F.relu(y) if with_relu else y

    return f


@pytest.mark.parametrize("dtype", FLOATS)
def test_all_in_one(dtype):
    inputs = [sample((2, 3, 5, 6), dtype), sample((2, 4, 5, 6), dtype, seed=3)]
    check_fused(whole(dtype), inputs, reference(dtype), "fuse_convolution")


def test_lengths_of_run_time():
    inputs = [sample((2, 3, 5, 6)), sample((2, 4, 5, 6), seed=3)]
    spans = [((1, *x.shape[1:]), x.shape, (3, *x.shape[1:])) for x in inputs]
    check(whole(torch.float32), inputs, reference(torch.float32), dynamic=spans)


@pytest.mark.parametrize("dtype", FLOATS)
def test_parts(dtype):
    x, r = sample((2, 3, 5, 6), dtype), sample((2, 4, 5, 6), dtype, seed=3)
    name = "fuse_convolution"
    check_fused(
        lambda n, x: convolution(n, x, dtype).get_output(0), [x], reference(dtype, False, False), name
    )
    check_fused(
        lambda n, x: relu(n, convolution(n, x, dtype).get_output(0)), [x], reference(dtype, True, False), name
    )
    both = lambda n, x, r: add(n, r, convolution(n, x, dtype).get_output(0))  # noqa: E731
    check_fused(both, [x, r], reference(dtype, False), name)


@pytest.mark.parametrize("dtype", FLOATS)
def test_batch_norm_goes_into_the_weights(dtype):
    scale, shift = sample((4,), low=0.5, high=2, seed=6), sample((4,), seed=7)

    def build(n, x):
        y = convolution(n, x, dtype).get_output(0)
        layer = n.add_scale(y, trt.ScaleMode.CHANNEL, n.weights(shift.to(dtype)), n.weights(scale.to(dtype)))
        return layer.get_output(0)

    def normalized(x):
        column = lambda v: v.to(dtype).double()[:, None, None]  # noqa: E731
        return reference(dtype, False, False)(x) * column(scale) + column(shift)

    check_fused(build, [sample((2, 3, 5, 6), dtype)], normalized, "fold_scale_into_convolution")


HALVES = [torch.float16, torch.bfloat16]
SCALE, SHIFT = sample((4,), low=0.5, high=2, seed=6), sample((4,), seed=7)


def cast(n, x, dtype):
    return n.add_cast(x, TRT_OF[dtype]).get_output(0)


def by_scale(n, y):
    weights = [n.weights(SHIFT), n.weights(SCALE)]
    return n.add_scale(y, trt.ScaleMode.CHANNEL, *weights).get_output(0)


def by_constants(n, y):
    """(y - shift / 2) / (1 / scale) * 0.5"""
    shift, scale = (v.reshape(1, 4, 1, 1) for v in (SHIFT, SCALE))
    for op, constant in (("SUB", shift / 2), ("DIV", 1 / scale), ("PROD", torch.full((1, 1, 1, 1), 0.5))):
        y = n.add_elementwise(y, n.constant(constant), getattr(trt.ElementWiseOperation, op)).get_output(0)
    return y


@pytest.mark.parametrize("dtype", HALVES)
@pytest.mark.parametrize("form", [by_scale, by_constants])
def test_batch_norm_in_float32_goes_into_half_weights(form, dtype):
    def build(n, x):
        y = form(n, cast(n, convolution(n, x, dtype).get_output(0), torch.float32))
        return relu(n, cast(n, y, dtype))

    def normalized(x):
        scale, shift = (v.double()[:, None, None] for v in (SCALE, SHIFT))
        y = reference(dtype, False, False)(x)
        return F.relu(y * scale + shift if form is by_scale else (y - shift / 2) * scale * 0.5)

    x = sample((2, 3, 5, 6), dtype)
    check_fused(build, [x], normalized, "fold_scale_into_convolution")
    assert kinds(build, [x]) == {"FusedConvolution"}


def test_casts_that_others_use_stay():
    def build(n, x):
        wide = cast(n, convolution(n, x, torch.float16).get_output(0), torch.float32)
        return [cast(n, by_scale(n, wide), torch.float16), cast(n, relu(n, wide), torch.float16)]

    def normalized(x):
        y = reference(torch.float16, False, False)(x).half().to(x.dtype)
        return [y * SCALE.double()[:, None, None] + SHIFT.double()[:, None, None], F.relu(y)]

    x = sample((2, 3, 5, 6), torch.float16)
    assert "fold_scale_into_convolution" not in built(build, [x])[1]
    check(build, [x], normalized, dtypes=[torch.float16] * 2)


def test_a_result_of_another_type_stays():
    x = sample((2, 3, 5, 6), torch.float16)

    def build(n, x):
        wide = cast(n, convolution(n, x, torch.float16).get_output(0), torch.float32)
        return cast(n, by_scale(n, wide), torch.bfloat16)

    assert "fold_scale_into_convolution" not in built(build, [x])[1]


def test_a_division_by_zero_stays():
    def build(n, x):
        y, zero = convolution(n, x).get_output(0), n.constant(torch.zeros(1, 4, 1, 1))
        return n.add_elementwise(y, zero, trt.ElementWiseOperation.DIV).get_output(0)

    assert "fold_scale_into_convolution" not in built(build, [sample((2, 3, 5, 6))])[1]


@pytest.mark.parametrize(
    ("weight", "factor", "x"), [(10, 1e4, 1e-3), (1e-3, 1e-4, 1e3)], ids=["large", "small"]
)
def test_products_that_float16_cannot_hold_stay_outside(weight, factor, x):
    kernel = torch.full((4, 3, 3, 3), weight).half()
    scale = torch.full((1, 4, 1, 1), factor).half()

    def build(n, x):
        y = n.add_convolution_nd(x, 4, (3, 3), n.weights(kernel), trt.Weights()).get_output(0)
        return n.add_elementwise(y, n.constant(scale), trt.ElementWiseOperation.PROD).get_output(0)

    inputs = [torch.full((1, 3, 5, 5), x).half()]
    assert "fold_scale_into_convolution" not in built(build, inputs)[1]
    check(build, inputs, lambda x: F.conv2d(x, kernel.to(x.dtype)) * scale.to(x.dtype))


def test_two_convolutions_meet():
    other = sample((4, 3, 3, 3), seed=9)

    def build(n, x):
        a, b = convolution(n, x), convolution(n, x, kernel=other)
        return relu(n, add(n, a.get_output(0), b.get_output(0)))

    def twice(x):
        both = F.conv2d(x, (KERNEL + other).double(), 2 * BIAS.double(), padding=1)
        return F.relu(both)

    x = sample((2, 3, 5, 6))
    check(build, [x], twice)


@pytest.mark.parametrize("dtype", FLOATS)
def test_bias_of_a_residual_is_added_once(dtype):
    other = sample((4, 3, 1, 1), seed=9)

    def build(n, x):
        shortcut = n.add_convolution_nd(x, 4, (1, 1), n.weights(other.to(dtype)), n.weights(BIAS.to(dtype)))
        return relu(n, add(n, shortcut.get_output(0), convolution(n, x, dtype).get_output(0)))

    def both(x):
        shortcut = F.conv2d(x, other.to(dtype).double(), BIAS.to(dtype).double())
        return F.relu(reference(dtype, False, False)(x) + shortcut)

    check_fused(build, [sample((2, 3, 5, 6), dtype)], both, "move_residual_bias")


def test_biases_whose_sum_float16_cannot_hold_stay():
    large = torch.full((4,), 4e4).half()

    def build(n, x):
        parts = [
            n.add_convolution_nd(x, 4, (3, 3), n.weights(KERNEL.half()), n.weights(b)) for b in (large, large)
        ]
        return relu(n, add(n, *(part.get_output(0) for part in parts)))

    changed = built(build, [sample((2, 3, 5, 6), torch.float16)])[1]
    assert "fuse_convolution" in changed and "move_residual_bias" not in changed


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("window", [(1, 1), (2, 3), (4, 4)], ids=str)
def test_windows_side_by_side(window, dtype):
    kernel = sample((4, 3, *window), dtype, seed=8)

    def build(n, x):
        layer = n.add_convolution_nd(x, 4, window, n.weights(kernel), n.weights(BIAS.to(dtype)))
        layer.stride_nd = window
        return layer.get_output(0)

    x = sample((2, 3, 9, 10), dtype)
    exact, bias = kernel.double(), BIAS.to(dtype).double()
    side_by_side = lambda x: F.conv2d(x, exact, bias, stride=window)  # noqa: E731
    check_fused(build, [x], side_by_side, "fuse_convolution")


def test_residual_that_broadcasts_stays_outside():
    check(
        whole(torch.float32), [sample((2, 3, 5, 6)), sample((1, 4, 1, 1), seed=3)], reference(torch.float32)
    )


def test_result_that_is_an_output_stays():
    def build(n, x, r):
        y = convolution(n, x).get_output(0)
        return [y, relu(n, add(n, y, r))]

    inputs = [sample((2, 3, 5, 6)), sample((2, 4, 5, 6), seed=3)]
    check(
        build,
        inputs,
        lambda x, r: [reference(torch.float32, False, False)(x), reference(torch.float32)(x, r)],
        dtypes=[torch.float32] * 2,
    )


def test_uneven_padding_is_no_match():
    def build(n, x):
        layer = convolution(n, x)
        layer.pre_padding, layer.post_padding = (1, 0), (0, 1)
        return layer.get_output(0)

    x = sample((2, 3, 5, 6))
    assert "fuse_convolution" not in built(build, [x])[1]
    check(build, [x], lambda x: F.conv2d(F.pad(x, (0, 1, 1, 0)), KERNEL.double(), BIAS.double()))


def test_groups_and_empty_batches():
    kernel = sample((4, 1, 3, 3), seed=5)

    def build(n, x):
        layer = n.add_convolution_nd(x, 4, (3, 3), n.weights(kernel), trt.Weights())
        layer.num_groups = 2
        return relu(n, layer.get_output(0))

    for batch in (2, 0):
        x = sample((batch, 2, 5, 6))
        check(build, [x], lambda x: F.relu(F.conv2d(x, kernel.double(), groups=2)))


def test_levels():
    inputs = [sample((2, 3, 5, 6)), sample((2, 4, 5, 6), seed=3)]
    assert "fuse_convolution" in built(whole(torch.float32), inputs)[1]
    assert "fuse_convolution" not in built(whole(torch.float32), inputs, level=0)[1]


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize(
    ("window", "stride", "padding", "mode"),
    [
        ((3, 3), (2, 2), (1, 1), "EXPLICIT_ROUND_DOWN"),
        ((2, 3), (1, 2), (0, 1), "EXPLICIT_ROUND_UP"),
        ((3, 3), (2, 2), (0, 0), "SAME_UPPER"),
    ],
    ids=["stem", "over", "same"],
)
def test_maximum_behind_a_convolution(window, stride, padding, mode, dtype):
    """The data are in channels-last here, where half types have a kernel of their own on CUDA."""
    kernel = sample((16, 3, 1, 1), dtype, low=-1, high=1, seed=8)

    def build(n, x):
        y = n.add_convolution_nd(x, 16, (1, 1), n.weights(kernel), trt.Weights()).get_output(0)
        pool = n.add_pooling_nd(y, trt.PoolingType.MAX, window)
        pool.stride_nd, pool.padding_nd, pool.padding_mode = stride, padding, getattr(trt.PaddingMode, mode)
        return pool.get_output(0)

    def pooled(x):
        y = F.conv2d(x, kernel.to(x.dtype))
        applied = (1, 1) if mode == "SAME_UPPER" else padding  # for 5 x 7 in steps of two
        return F.max_pool2d(y, window, stride, applied, ceil_mode=mode == "EXPLICIT_ROUND_UP")

    for special in (0.0, torch.nan, -torch.inf):
        x = sample((2, 3, 5, 7), dtype)
        x[1, 0, 2, 3] = special
        check(build, [x], pooled)

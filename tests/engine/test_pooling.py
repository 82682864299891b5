"""Pooling: windows beyond the data, strides beyond the padded data, thresholds of at:: that are not ours."""

import pytest
import tensorrt as trt
import torch
import torch.nn.functional as F

from tests.engine._case import FLOATS, STATIC_AND_DYNAMIC, check, sample

MAX, AVERAGE, BLEND = trt.PoolingType.MAX, trt.PoolingType.AVERAGE, trt.PoolingType.MAX_AVERAGE_BLEND


def pooling(kind, size, padding, stride=(1, 1, 1), exclusive=True):
    def build(n, x):
        layer = n.add_pooling_nd(x, kind, size)
        layer.padding_nd, layer.stride_nd = padding, stride[: len(size)]
        layer.average_count_excludes_padding = exclusive
        return layer

    return build


@pytest.mark.parametrize("dynamic", STATIC_AND_DYNAMIC)
@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("exclusive", [True, False])
def test_windows_longer_than_the_data(exclusive, dtype, dynamic):
    """at::avg_pool3d refuses them, though padding makes room."""

    def reference(x):
        wide, ones = (F.pad(t, [1, 1, 0, 0, 2, 2]) for t in (x, torch.ones_like(x)))
        count = F.avg_pool3d(ones, (4, 1, 3), 1) if exclusive else 1
        return F.avg_pool3d(wide, (4, 1, 3), 1) / count

    build = pooling(AVERAGE, (4, 1, 3), (2, 0, 1), exclusive=exclusive)
    check(build, [sample((2, 2, 2, 3, 2), dtype)], reference, dynamic=dynamic)


@pytest.mark.parametrize("stride", [1 << 31, 1 << 40, (1 << 63) - 1])
@pytest.mark.parametrize("size", [(2, 2), (2, 2, 1)])
@pytest.mark.parametrize("kind", [MAX, AVERAGE, BLEND])
def test_strides_of_more_than_32_bits(kind, size, stride):
    x = sample((1, 2, 5, 6)) if len(size) == 2 else sample((1, 2, 5, 6, 1))
    first = (slice(None), slice(None), slice(1), slice(1))

    def reference(x):
        average = kind == AVERAGE
        pool = {2: (F.max_pool2d, F.avg_pool2d), 3: (F.max_pool3d, F.avg_pool3d)}[len(size)][average]
        return pool(x, size, 1)[first]

    check(pooling(kind, size, (0,) * len(size), (stride,) * 3), [x], reference)


@pytest.mark.parametrize("stride", [7, 1 << 40])
@pytest.mark.parametrize("kind", [MAX, AVERAGE, BLEND])
def test_strides_that_leave_the_last_window_nothing(kind, stride):
    """Rounded up, a second window starts behind the padded data: its maximum is -inf, its average 0."""

    def build(n, x):
        layer = n.add_pooling_nd(x, kind, (2, 2))
        layer.stride_nd, layer.padding_mode = (stride, stride), trt.PaddingMode.EXPLICIT_ROUND_UP
        return layer

    def reference(x):
        nothing = {MAX: -torch.inf, AVERAGE: 0.0, BLEND: -torch.inf}[kind]
        y = torch.full((1, 2, 2, 2), nothing, dtype=x.dtype)
        first = x[..., :2, :2]
        y[..., 0, 0] = first.mean((2, 3)) if kind == AVERAGE else first.amax((2, 3))
        return y

    check(build, [sample((1, 2, 5, 6))], reference)

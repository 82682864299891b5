"""GridSample against torch's grid_sample, in all modes."""

import pytest
import tensorrt as trt
import torch
import torch.nn.functional as F

from tests.engine._case import FLOATS, build_error, check, sample
from tests.engine._session import Session

MODES = {
    "nearest": trt.InterpolationMode.NEAREST,
    "bilinear": trt.InterpolationMode.LINEAR,
    "bicubic": trt.InterpolationMode.CUBIC,
}
PADDINGS = {
    "zeros": trt.SampleMode.FILL,
    "border": trt.SampleMode.CLAMP,
    "reflection": trt.SampleMode.REFLECT,
}


def grid_sample(mode="bilinear", padding="zeros", align=False):
    def build(n, x, grid):
        layer = n.add_grid_sample(x, grid)
        layer.interpolation_mode = MODES[mode]
        layer.sample_mode = PADDINGS[padding]
        layer.align_corners = align
        return layer

    return build


def sampled(mode="bilinear", padding="zeros", align=False):
    return lambda x, grid: F.grid_sample(x, grid, mode, padding, align)


def places(shape, dtype):
    """Coordinates inside and outside, exact in every type, so that all types sample the same places."""
    return (sample(shape, torch.int64, -23, 24) / 16).to(dtype)


@pytest.mark.parametrize("align", [False, True])
@pytest.mark.parametrize("padding", PADDINGS)
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("dtype", FLOATS)
def test_modes(dtype, mode, padding, align):
    inputs = [sample((2, 3, 5, 7), dtype), places((2, 4, 6, 2), dtype)]
    check(grid_sample(mode, padding, align), inputs, sampled(mode, padding, align))


@pytest.mark.parametrize("padding", PADDINGS)
@pytest.mark.parametrize("mode", MODES)
def test_unknown_lengths(mode, padding):
    inputs = [sample((2, 3, 5, 7)), places((2, 4, 6, 2), torch.float32)]
    ranges = [
        ((1, 3, 2, 2), (2, 3, 5, 7), (3, 4, 8, 8)),
        ((1, 1, 1, 2), (2, 4, 6, 2), (3, 6, 6, 2)),
    ]
    check(grid_sample(mode, padding), inputs, sampled(mode, padding), dynamic=ranges)


@pytest.mark.parametrize(
    ("image", "grid"),
    [
        ((0, 3, 4, 4), (0, 2, 2, 2)),
        ((2, 0, 4, 4), (2, 2, 2, 2)),
        ((2, 3, 4, 4), (2, 0, 3, 2)),
        ((2, 3, 0, 4), (2, 2, 0, 2)),
    ],
)
@pytest.mark.parametrize("dynamic", [False, True])
def test_empty_results(image, grid, dynamic):
    expected = torch.zeros((*image[:2], *grid[1:3]))
    check(grid_sample(), [sample(image), sample(grid)], lambda *_: expected, dynamic=dynamic)


X, GRID = sample((2, 3, 4, 4)), sample((2, 5, 6, 2))
REFUSED = {
    "GridSample c1: integers": ([X.int(), GRID.int()], "int32"),
    "GridSample c1: two types": ([X, GRID.half()], "float32 and float16"),
    "GridSample c2: rank of the data": ([X[0], GRID], "[N, C, H, W]"),
    "GridSample c2: rank of the grid": ([X, GRID[0]], "[N, Ho, Wo, 2]"),
    "GridSample c3: three coordinates": ([X, sample((2, 5, 6, 3))], "must be 2"),
    "GridSample c4: batches": ([X, GRID[:1]], "one batch length"),
    "GridSample c6: no pixels": ([X[:, :, :0], GRID], "no pixels"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refusals(name):
    inputs, message = REFUSED[name]
    assert message in build_error(grid_sample(), inputs)


@pytest.mark.parametrize("mode", [trt.SampleMode.STRICT_BOUNDS, trt.SampleMode.WRAP])
def test_sample_modes_that_are_for_slices_only(mode):
    """GridSample c5"""
    session = Session()
    x, grid = session.input("x", (2, 3, 4, 4)), session.input("grid", (2, 5, 6, 2))
    layer = session.network.add_grid_sample(x, grid)
    layer.sample_mode = mode
    assert "FILL, CLAMP and REFLECT" in session.logger.last_error()
    assert layer.sample_mode == trt.SampleMode.FILL

"""Resize: every mode, against weights worked out position by position in float64."""

import math

import pytest
import tensorrt as trt
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engine._case import FLOATS, STATIC_AND_DYNAMIC, build_error, check, run, sample

Mode = trt.InterpolationMode
C = trt.ResizeCoordinateTransformation
S = trt.ResizeSelector
Round = trt.ResizeRoundMode


def resize(size=None, scales=None, mode=Mode.NEAREST, coordinates=C.ASYMMETRIC, **more):
    def build(n, x):
        layer = n.add_resize(x)
        if size is not None:
            layer.shape = size
        if scales is not None:
            layer.scales = scales
        layer.resize_mode, layer.coordinate_transformation = mode, coordinates
        for name, value in more.items():
            setattr(layer, name, value)
        return layer

    return build


def coordinate(o, length, size, scale, coordinates, selector):
    if size == 1 and (coordinates == C.ALIGN_CORNERS or selector == S.UPPER):
        return 0.0
    if coordinates == C.ALIGN_CORNERS:
        return o * (length - 1) / (size - 1)
    ratio = length / size if scale is None else 1 / scale
    return o * ratio if coordinates == C.ASYMMETRIC else (o + 0.5) * ratio - 0.5


ROUND = {
    Round.HALF_UP: lambda c: math.floor(c + 0.5),
    Round.HALF_DOWN: lambda c: math.ceil(c - 0.5),
    Round.FLOOR: math.floor,
    Round.CEIL: math.ceil,
}


def cubic(x, a):
    x = abs(x)
    return ((a + 2) * x - (a + 3)) * x * x + 1 if x <= 1 else ((a * x - 5 * a) * x + 8 * a) * x - 4 * a


def taps(c, length, mode, rounding, a, exclude):
    """(index, weight) of every neighbour of a coordinate."""
    below = math.floor(c)
    if mode == Mode.NEAREST:
        return [(ROUND[rounding](c), 1.0)]
    if mode == Mode.LINEAR:
        return [(below, 1 - (c - below)), (below + 1, c - below)]
    found = [(below + i, cubic(c - below - i, a)) for i in range(-1, 3)]
    if exclude:
        found = [(i, w) for i, w in found if 0 <= i < length]
        total = sum(w for _, w in found)
        found = [(i, w / total) for i, w in found]
    return found


def resized(size=None, scales=None, mode=Mode.NEAREST, coordinates=C.ASYMMETRIC, **more):
    selector = more.get("selector_for_single_pixel", S.FORMULA)
    rounding, a = more.get("nearest_rounding", Round.FLOOR), more.get("cubic_coeff", -0.75)

    def reference(x):
        y = x.double()
        for axis, length in enumerate(x.shape):
            scale = None if scales is None else torch.tensor(scales[axis], dtype=torch.float32).item()
            wanted = size[axis] if scales is None else math.floor(length * scale)
            if wanted == length and (scale is None or scale == 1):
                continue
            weights = torch.zeros(wanted, length, dtype=torch.float64)
            for o in range(wanted):
                c = coordinate(o, length, wanted, scale, coordinates, selector)
                for index, weight in taps(c, length, mode, rounding, a, more.get("exclude_outside")):
                    weights[o, min(max(index, 0), length - 1)] += weight
            y = torch.tensordot(weights, y, ([1], [axis])).movedim(0, axis)
        return y

    return reference


def compare(x, dynamic=False, **arguments):
    check(resize(**arguments), [x], resized(**arguments), dynamic=dynamic)


COORDINATES = [C.ASYMMETRIC, C.ALIGN_CORNERS, C.HALF_PIXEL]


@pytest.mark.parametrize("rounding", ROUND)
@pytest.mark.parametrize("coordinates", COORDINATES)
@pytest.mark.parametrize("dtype", [*FLOATS, torch.int8, torch.int32])
def test_nearest(dtype, coordinates, rounding):
    for shape, size in [
        ((1, 2, 4, 3), (1, 2, 7, 6)),
        ((2, 3, 5), (4, 2, 5)),
        ((5,), (3,)),
        ((1, 1, 2, 3, 2), (1, 1, 4, 2, 5)),
    ]:
        x = sample(shape, dtype)
        compare(x, size=size, coordinates=coordinates, nearest_rounding=rounding)


LINEAR = [
    ((1, 2, 4, 3), (1, 2, 7, 6)),
    ((2, 3, 5), (2, 3, 2)),
    ((2, 3, 5), (4, 2, 5)),
    ((4,), (9,)),
    ((1, 1, 2, 3, 2), (1, 1, 4, 2, 5)),
    ((1, 2, 3, 3), (1, 2, 1, 1)),
]


@pytest.mark.parametrize("coordinates", COORDINATES)
@pytest.mark.parametrize("dtype", FLOATS)
def test_linear(dtype, coordinates):
    for shape, size in LINEAR:
        compare(sample(shape, dtype), size=size, mode=Mode.LINEAR, coordinates=coordinates)


@pytest.mark.parametrize("more", [{}, {"cubic_coeff": -0.5}, {"exclude_outside": 1}], ids=str)
@pytest.mark.parametrize("coordinates", COORDINATES)
@pytest.mark.parametrize("dtype", FLOATS)
def test_cubic(dtype, coordinates, more):
    for shape, size in [
        ((1, 2, 4, 3), (1, 2, 7, 6)),
        ((5, 4), (3, 9)),
        ((2, 3, 5), (2, 3, 2)),
        ((1, 1, 1, 2), (1, 1, 1, 5)),
    ]:
        compare(sample(shape, dtype), size=size, mode=Mode.CUBIC, coordinates=coordinates, **more)


@pytest.mark.parametrize("selector", [S.FORMULA, S.UPPER])
@pytest.mark.parametrize("coordinates", COORDINATES)
@pytest.mark.parametrize("mode", [Mode.NEAREST, Mode.LINEAR, Mode.CUBIC])
def test_single_pixel(mode, coordinates, selector):
    x = sample((1, 1, 4, 5))
    compare(x, size=(1, 1, 1, 1), mode=mode, coordinates=coordinates, selector_for_single_pixel=selector)


@pytest.mark.parametrize("coordinates", [C.ASYMMETRIC, C.HALF_PIXEL])
@pytest.mark.parametrize("mode", [Mode.NEAREST, Mode.LINEAR, Mode.CUBIC])
@pytest.mark.parametrize("dynamic", STATIC_AND_DYNAMIC)
def test_scales(dynamic, mode, coordinates):
    for scales in [(1, 1, 2, 2.5), (1, 1, 0.75, 1.3)]:
        x = sample((1, 2, 4, 5))
        compare(x, dynamic, scales=scales, mode=mode, coordinates=coordinates)


def twice(n, x):
    """Output lengths computed from the input's."""
    factor = n.constant(torch.tensor([1, 1, 2, 3], dtype=torch.int64))
    size = n.add_elementwise(n.add_shape(x).get_output(0), factor, trt.ElementWiseOperation.PROD).get_output(
        0
    )
    layer = n.add_resize(x)
    layer.resize_mode, layer.coordinate_transformation = Mode.LINEAR, C.HALF_PIXEL
    layer.set_input(1, size)
    return layer


@pytest.mark.parametrize("dynamic", STATIC_AND_DYNAMIC)
@pytest.mark.parametrize("dtype", FLOATS)
def test_computed_size(dtype, dynamic):
    x = sample((1, 2, 3, 4), dtype)
    check(twice, [x], resized((1, 2, 6, 12), None, Mode.LINEAR, C.HALF_PIXEL), dynamic=dynamic)
    empty = sample((0, 2, 3, 4), dtype)
    check(twice, [empty], lambda x: x.new_zeros(0, 2, 6, 12), dynamic=dynamic)


def test_integers_round_and_saturate():
    x = torch.tensor([[-128, 127, -128, 127]], dtype=torch.int8)
    y = run(resize(size=(1, 13), mode=Mode.CUBIC, coordinates=C.HALF_PIXEL), [x])[0]
    exact = resized(size=(1, 13), mode=Mode.CUBIC, coordinates=C.HALF_PIXEL)(x)
    assert y.tolist() == exact.round().clamp(-128, 127).to(torch.int8).tolist()


def test_like_torch():
    """The modes that torch.nn.functional.interpolate has."""
    x, interpolate = sample((2, 3, 5, 7)), torch.nn.functional.interpolate
    size = (2, 3, 11, 4)
    check(resize(size), [x], lambda x: interpolate(x, size[2:]))
    check(resize(size, mode=Mode.LINEAR, coordinates=C.ALIGN_CORNERS), [x],
          lambda x: interpolate(x, size[2:], mode="bilinear", align_corners=True))  # fmt: skip
    check(resize(size, mode=Mode.CUBIC, coordinates=C.HALF_PIXEL), [x],
          lambda x: interpolate(x, size[2:], mode="bicubic"))  # fmt: skip


def test_refusals():
    assert "got none" in build_error(resize(), [sample((2, 2))])
    assert "last 2" in build_error(resize((2, 2, 2), mode=Mode.CUBIC), [sample((1, 2, 2))])
    assert "empty axis" in build_error(resize((2, 2)), [sample((0, 2))])
    assert "output dims" in build_error(resize((2,)), [sample((2, 2))])
    assert "larger than 2^62" in build_error(resize(scales=(1, 1e30)), [sample((2, 2))])  # c6


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_any_shape(data):
    mode = data.draw(st.sampled_from([Mode.NEAREST, Mode.LINEAR, Mode.CUBIC]))
    free = {Mode.NEAREST: 8, Mode.LINEAR: 3, Mode.CUBIC: 2}[mode]
    shape = data.draw(st.lists(st.integers(1, 5), min_size=1, max_size=5))
    size = [n if i < len(shape) - free else data.draw(st.integers(1, 7)) for i, n in enumerate(shape)]
    compare(
        sample(shape),
        size=tuple(size),
        mode=mode,
        coordinates=data.draw(st.sampled_from(COORDINATES)),
        nearest_rounding=data.draw(st.sampled_from(list(ROUND))),
        selector_for_single_pixel=data.draw(st.sampled_from([S.FORMULA, S.UPPER])),
        exclude_outside=data.draw(st.integers(0, 1)),
    )

"""Interpolation and padding."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import tensorrt as trt
import torch

from torch_tensorrt.dynamo.conversion._builder import Builder, Value
from torch_tensorrt.dynamo.conversion._dims import Length
from torch_tensorrt.dynamo.conversion._registry import converts
from torch_tensorrt.dynamo.conversion.converters._when import meta

aten = torch.ops.aten
Mode = trt.InterpolationMode
Coordinates = trt.ResizeCoordinateTransformation


def floating_image(node: Any, settings: Any) -> str | None:
    """The engine interpolates floating types."""
    dtype = meta(node.args[0]).dtype
    return (
        None if dtype.is_floating_point else f"the engine does not resize {str(dtype).removeprefix('torch.')}"
    )


def _flat_image(node: Any, settings: Any) -> str | None:
    """For sampling: two spatial axes of a floating type."""
    if meta(node.args[0]).dim() != 4:
        return "the engine samples images of two spatial axes only"
    return floating_image(node, settings)


def _resized(
    b: Builder,
    x: Value,
    size: Sequence[Length] | None,
    factors: Sequence[float],
    mode: trt.InterpolationMode,
    coordinates: trt.ResizeCoordinateTransformation,
) -> Value:
    """By lengths, or without them by the factors themselves:
    torch computes coordinates from them and not from the lengths."""
    lengths = b.shape(x)
    nearest = mode == Mode.NEAREST
    cubic = -0.75 if mode == Mode.CUBIC else None
    rounding = trt.ResizeRoundMode.FLOOR if nearest else None
    if size is not None:
        target = [*lengths[:2], *size]
        return b.resize(x, mode, size=target, coordinates=coordinates, rounding=rounding, cubic=cubic)
    scales = [1.0, 1.0, *factors]
    return b.resize(x, mode, scales=scales, coordinates=coordinates, rounding=rounding, cubic=cubic)


def _nearest() -> Callable[..., Any]:
    def convert(b: Builder, x: Value, size: Any, factors: Any = None) -> Value:
        return _resized(b, x, size, factors or (), Mode.NEAREST, Coordinates.ASYMMETRIC)

    return convert


def _smooth(mode: trt.InterpolationMode) -> Callable[..., Any]:
    def convert(b: Builder, x: Value, size: Any, align_corners: bool, factors: Any = None) -> Value:
        coordinates = Coordinates.ALIGN_CORNERS if align_corners else Coordinates.HALF_PIXEL
        # With aligned corners only the lengths count.
        if align_corners and size is None:
            size = [_scaled_length(n, f) for n, f in zip(b.shape(x)[2:], factors, strict=False)]
        return _resized(b, x, size, factors or (), mode, coordinates)

    return convert


def _scaled_length(n: Length, factor: float) -> Length:
    if isinstance(n, int):
        return int(n * factor)
    if float(factor).is_integer():
        return n * int(factor)
    raise ValueError("a dynamic length can only be scaled by a whole number with align_corners=True")


for _name in ("upsample_nearest1d", "upsample_nearest2d", "upsample_nearest3d"):
    converts(getattr(aten, _name).vec, when=floating_image)(_nearest())
for _name, _mode in (
    ("upsample_linear1d", Mode.LINEAR),
    ("upsample_bilinear2d", Mode.LINEAR),
    ("upsample_trilinear3d", Mode.LINEAR),
    ("upsample_bicubic2d", Mode.CUBIC),
):
    converts(getattr(aten, _name).vec, when=floating_image)(_smooth(_mode))


def _complete(factors: Sequence[float | None]) -> Sequence[float]:
    """The factors where every axis has one, else none."""
    given = [f for f in factors if f is not None]
    return given if len(given) == len(factors) else ()


def _explicit(mode: trt.InterpolationMode) -> Callable[..., Any]:
    """The overloads with a length and perhaps a factor per axis."""

    def nearest(b: Builder, x: Value, size: Any, *factors: float | None) -> Value:
        given = _complete(factors)
        return _resized(b, x, None if given else size, given, mode, Coordinates.ASYMMETRIC)

    def smooth(b: Builder, x: Value, size: Any, align_corners: bool, *factors: float | None) -> Value:
        given = () if align_corners else _complete(factors)
        coordinates = Coordinates.ALIGN_CORNERS if align_corners else Coordinates.HALF_PIXEL
        return _resized(b, x, None if given else size, given, mode, coordinates)

    return nearest if mode == Mode.NEAREST else smooth


for _name, _mode in (
    ("upsample_nearest1d", Mode.NEAREST),
    ("upsample_nearest2d", Mode.NEAREST),
    ("upsample_nearest3d", Mode.NEAREST),
    ("upsample_linear1d", Mode.LINEAR),
    ("upsample_bilinear2d", Mode.LINEAR),
    ("upsample_trilinear3d", Mode.LINEAR),
    ("upsample_bicubic2d", Mode.CUBIC),
):
    converts(getattr(aten, _name).default, when=floating_image)(_explicit(_mode))


# ---- padding


def _padded(b: Builder, x: Value, pad: Sequence[Length], mode: trt.SampleMode, value: Any = None) -> Value:
    """`pad` holds (before, after) of the last axis, of the one before it, and so on;
    negative numbers crop."""
    x = b.tensor(x)
    size = list(b.shape(x))
    start: list[Length] = [0] * len(size)
    for i in range(len(pad) // 2):
        axis = len(size) - 1 - i
        before, after = pad[2 * i], pad[2 * i + 1]
        start[axis] = -before
        size[axis] = size[axis] + before + after
    return b.slice(x, start, size, mode=mode, fill=value)


@converts(aten.constant_pad_nd.default)
def constant_pad(b: Builder, x: Value, pad: Sequence[Length], value: Any = 0) -> Value:
    return _padded(b, x, pad, trt.SampleMode.FILL, b.number(value, b.dtype(x)))


@converts(aten.reflection_pad1d.default, aten.reflection_pad2d.default, aten.reflection_pad3d.default)
def reflection_pad(b: Builder, x: Value, pad: Sequence[Length]) -> Value:
    return _padded(b, x, pad, trt.SampleMode.REFLECT)


@converts(aten.replication_pad1d.default, aten.replication_pad2d.default, aten.replication_pad3d.default)
def replication_pad(b: Builder, x: Value, pad: Sequence[Length]) -> Value:
    return _padded(b, x, pad, trt.SampleMode.CLAMP)


@converts(aten._pad_circular.default)
def circular_pad(b: Builder, x: Value, pad: Sequence[Length]) -> Value:
    return _padded(b, x, pad, trt.SampleMode.WRAP)


@converts(aten.pad.default)
def pad(
    b: Builder, x: Value, pad: Sequence[Length], mode: str = "constant", value: float | None = None
) -> Value:
    if mode == "constant":
        return constant_pad(b, x, pad, value or 0)
    modes = {"reflect": reflection_pad, "replicate": replication_pad, "circular": circular_pad}
    return modes[mode](b, x, pad)


# ---- by coordinates

_SAMPLE = (trt.SampleMode.FILL, trt.SampleMode.CLAMP, trt.SampleMode.REFLECT)
_SAMPLE_BETWEEN = (Mode.LINEAR, Mode.NEAREST, Mode.CUBIC)


@converts(aten.grid_sampler_2d.default, aten.grid_sampler.default, when=_flat_image)
def grid_sampler(b: Builder, x: Value, grid: Value, between: int, outside: int, align_corners: bool) -> Value:
    """x at coordinates in [-1, 1]; `between` and `outside` are places in the tables above."""
    layer = b.network.add_grid_sample(b.tensor(x), b.tensor(grid, b.dtype(x)))
    if layer is not None:
        layer.interpolation_mode, layer.sample_mode = _SAMPLE_BETWEEN[between], _SAMPLE[outside]
        layer.align_corners = align_corners
    return b.emit(layer, "GRID_SAMPLE")

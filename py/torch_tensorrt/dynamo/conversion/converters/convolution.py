"""Convolution and pooling."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import tensorrt as trt
import torch

from torch_tensorrt.dynamo.conversion._builder import Builder, Value
from torch_tensorrt.dynamo.conversion._dims import as_ints
from torch_tensorrt.dynamo.conversion._registry import converts
from torch_tensorrt.dynamo.conversion._weights import Const
from torch_tensorrt.dynamo.conversion.converters._when import (
    argument,
    first_output_only,
    known_length,
    meta,
)

aten = torch.ops.aten
Average, Maximum = trt.PoolingType.AVERAGE, trt.PoolingType.MAX
Reduce = trt.ReduceOperation


def known_channels(node: Any, settings: Any) -> str | None:
    """TensorRT needs the number of channels at compile time."""
    x, weight = meta(node.args[0]), meta(node.args[1])
    channels = x.shape[x.dim() - weight.dim() + 1]
    if isinstance(channels, torch.SymInt):
        return "the number of channels has to be known at compile time"
    return None if x.is_floating_point() else "the engine convolves floating types only"


@converts(aten.convolution.default, when=known_channels)
def convolution(
    b: Builder,
    x: Value,
    weight: Value,
    bias: Value | None,
    stride: Any,
    padding: Any,
    dilation: Any,
    transposed: bool,
    output_padding: Any,
    groups: int,
) -> Value:
    return b.conv(x, weight, bias, stride, padding, dilation, groups, transposed, output_padding)


@converts(aten.conv1d.default, aten.conv2d.default, aten.conv3d.default, when=known_channels)
def conv(
    b: Builder,
    x: Value,
    weight: Value,
    bias: Value | None = None,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> Value:
    return b.conv(x, weight, bias, stride, padding, dilation, groups)


# ---- pooling


def _per_axis(value: Any, count: int) -> list[int]:
    items = [value] if isinstance(value, int) else list(value)
    return items * count if len(items) == 1 else items


def ceil_windows_start_inside(node: Any, spatial: int) -> str | None:
    """ceil_mode: torch drops a last window that starts in the padding at the end, the engine does not."""
    x = meta(node.args[0])
    window = _per_axis(argument(node, "kernel_size"), spatial)
    given = argument(node, "stride")
    stride = _per_axis(given, spatial) if given not in ([], None) else window
    padding = _per_axis(argument(node, "padding"), spatial)
    for n, w, s, p in zip(x.shape[-spatial:], window, stride, padding, strict=False):
        if isinstance(n, torch.SymInt):
            return "ceil_mode needs lengths that are known at compile time"
        windows = -(-(n + 2 * p - w) // s) + 1
        if (windows - 1) * s >= n + p:
            return "its last window starts in the padding, which ceil_mode drops"
    return None


def _max_pool_when(spatial: int) -> Callable[..., Any]:
    def check(node: Any, settings: Any) -> str | None:
        if any(d != 1 for d in _per_axis(argument(node, "dilation"), spatial)):
            return "the engine pools without dilation"
        if not meta(node.args[0]).is_floating_point():
            return "the engine pools floating types only"
        if isinstance(node.meta["val"], tuple) and (reason := first_output_only(node, settings)):
            return reason
        return ceil_windows_start_inside(node, spatial) if argument(node, "ceil_mode") else None

    return check


def _avg_pool_when(spatial: int) -> Callable[..., Any]:
    def check(node: Any, settings: Any) -> str | None:
        if argument(node, "divisor_override") is not None:
            return "divisor_override has no twin in the engine"
        if not meta(node.args[0]).is_floating_point():
            return "the engine pools floating types only"
        return ceil_windows_start_inside(node, spatial) if argument(node, "ceil_mode") else None

    return check


def _max_pool(spatial: int, indices: bool) -> Callable[..., Any]:
    def convert(
        b: Builder,
        x: Value,
        window: Any,
        stride: Any = (),
        padding: Any = 0,
        dilation: Any = 1,
        ceil_mode: bool = False,
    ) -> Any:
        y = b.pool(Maximum, x, window, stride, padding, ceil_mode, spatial=spatial)
        return (y, None) if indices else y

    return convert


def _avg_pool(spatial: int) -> Callable[..., Any]:
    def convert(
        b: Builder,
        x: Value,
        window: Any,
        stride: Any = (),
        padding: Any = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        divisor_override: Any = None,
    ) -> Value:
        return b.pool(Average, x, window, stride, padding, ceil_mode, count_include_pad, spatial)

    return convert


for _spatial in (1, 2, 3):
    _max = getattr(aten, f"max_pool{_spatial}d").default
    _max_indices = getattr(aten, f"max_pool{_spatial}d_with_indices").default
    converts(_max, when=_max_pool_when(_spatial))(_max_pool(_spatial, indices=False))
    converts(_max_indices, when=_max_pool_when(_spatial))(_max_pool(_spatial, indices=True))
    converts(getattr(aten, f"avg_pool{_spatial}d").default, when=_avg_pool_when(_spatial))(
        _avg_pool(_spatial)
    )


# ---- adaptive pooling


def _adaptive_when(spatial: int) -> Callable[..., Any]:
    def check(node: Any, settings: Any) -> str | None:
        x, wanted = meta(node.args[0]), _per_axis(node.args[1], spatial)
        if not x.is_floating_point():
            return "the engine pools floating types only"
        if isinstance(node.meta["val"], tuple) and (reason := first_output_only(node, settings)):
            return reason
        for n, m in zip(x.shape[-spatial:], wanted, strict=False):
            if isinstance(meta(m), torch.SymInt) or (isinstance(n, torch.SymInt) and m != 1):
                return (
                    "adaptive pooling to more than one element needs lengths that are known at compile time"
                )
        return None

    return check


def adaptive_pool(b: Builder, op: trt.ReduceOperation, x: Value, wanted: Sequence[int]) -> Value:
    """Element i of an axis pools [floor(i n / m), ceil((i + 1) n / m))."""
    x = b.tensor(x)
    spatial = len(wanted)
    size = as_ints(b.shape(x)[-spatial:])
    rank = b.rank(x)
    if all(m == 1 for m in wanted):
        return b.reduce(op, x, range(rank - spatial, rank), keepdim=True)
    if size is not None and all(n % m == 0 for n, m in zip(size, wanted, strict=False)):
        window = [n // m for n, m in zip(size, wanted, strict=False)]
        return b.pool(Average if op == Reduce.AVG else Maximum, x, window, window, spatial=spatial)
    for axis, m in zip(range(rank - spatial, rank), wanted, strict=False):
        x = _adaptive_axis(b, op, x, axis, m)
    return x


def _adaptive_axis(b: Builder, op: trt.ReduceOperation, x: Value, axis: int, m: int) -> Value:
    n = b.shape(x)[axis]
    if m == 1:
        return b.reduce(op, x, axis, keepdim=True)
    bounds = [(i * n // m, -(-(i + 1) * n // m)) for i in range(m)]
    return b.concat(
        [b.reduce(op, b.narrow(x, axis, lo, hi - lo), axis, keepdim=True) for lo, hi in bounds], axis
    )


def _adaptive(spatial: int, op: trt.ReduceOperation, indices: bool) -> Callable[..., Any]:
    def convert(b: Builder, x: Value, wanted: Any) -> Any:
        y = adaptive_pool(b, op, x, _per_axis(wanted, spatial))
        return (y, None) if indices else y

    return convert


for _spatial, _targets in (
    (1, (aten.adaptive_avg_pool1d.default,)),
    (2, (aten.adaptive_avg_pool2d.default, aten._adaptive_avg_pool2d.default)),
    (3, (aten.adaptive_avg_pool3d.default, aten._adaptive_avg_pool3d.default)),
):
    converts(*_targets, when=_adaptive_when(_spatial))(_adaptive(_spatial, Reduce.AVG, indices=False))
    _max_target = getattr(aten, f"adaptive_max_pool{_spatial}d").default
    converts(_max_target, when=_adaptive_when(_spatial))(_adaptive(_spatial, Reduce.MAX, indices=True))


# ---- blocks put together


def known_blocks(node: Any, settings: Any) -> str | None:
    """For fold: sums of blocks run as a convolution."""
    if not meta(node.args[0]).is_floating_point():
        return "the engine convolves floating types only"
    return next(filter(None, (known_length("the output size", n) for n in node.args[1])), None)


@converts(aten.col2im.default, when=known_blocks)
def col2im(
    b: Builder,
    x: Value,
    size: Sequence[int],
    kernel: Sequence[int],
    dilation: Sequence[int],
    padding: Sequence[int],
    stride: Sequence[int],
) -> Value:
    """Blocks [..., C kh kw, L] added where they overlap: a transposed convolution that puts each row of a
    block in its place.
    """
    x = b.tensor(x)
    per_axis = list(zip(size, kernel, dilation, padding, stride, strict=True))
    blocks = [(n + 2 * p - d * (k - 1) - 1) // s + 1 for n, k, d, p, s in per_axis]
    extra = [
        n - ((m - 1) * s - 2 * p + d * (k - 1) + 1)
        for m, (n, k, d, p, s) in zip(blocks, per_axis, strict=True)
    ]
    area = math.prod(kernel)
    rows = b.shape(x)[-2]
    if not isinstance(rows, int):
        raise b.error("fold needs a known number of channels", f"lengths {b.shape(x)}")
    channels = rows // area
    places = torch.eye(area, dtype=b.dtype(x)).reshape(area, 1, *kernel).repeat(channels, 1, 1, 1)
    image = b.reshape(x, [*b.shape(x)[:-1], *blocks])
    weight = Const(places, "the places of a block")
    return b.conv(image, weight, None, stride, padding, dilation, channels, True, extra)

"""Operators that give a tensor with some of its elements replaced."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import tensorrt as trt
import torch

from torch_tensorrt.dynamo.conversion._builder import Builder, Value
from torch_tensorrt.dynamo.conversion._dims import largest
from torch_tensorrt.dynamo.conversion._registry import converts
from torch_tensorrt.dynamo.conversion.converters._when import argument, meta
from torch_tensorrt.dynamo.conversion.converters.index import INDEX_TYPES, linear_index
from torch_tensorrt.dynamo.conversion.converters.shape import TO_THE_END, bounded

aten = torch.ops.aten


# ---- regions


@converts(aten.copy.default)
def copy(b: Builder, x: Value, source: Value, non_blocking: bool = False) -> Value:
    """The source in the type and with the lengths of what it is written to."""
    x = b.tensor(x)
    return b.expand(b.tensor(source, b.dtype(x)), b.shape(x))


@converts(aten.slice_scatter.default)
def slice_scatter(
    b: Builder, x: Value, part: Value, axis: int = 0, start: Any = None, end: Any = None, step: int = 1
) -> Value:
    """What lies before the region, the new part, what lies behind."""
    x = b.tensor(x)
    axis = b.axis(x, axis)
    n = b.shape(x)[axis]
    first = bounded(n, 0 if start is None else start)
    last = largest(bounded(n, TO_THE_END if end is None else end), first)
    count = (last - first + (step - 1)) // step
    part = b.expand(b.cast(part, b.dtype(x)), [*b.shape(x)[:axis], count, *b.shape(x)[axis + 1 :]])
    if step == 1:
        return _between(b, x, part, axis, first, last)
    order = [axis, *(i for i in range(b.rank(x)) if i != axis)]
    rows = b.unsqueeze(b.arange(first, count, step), [1])
    written = b.scatter(b.permute(x, order), rows, b.permute(part, order), mode=trt.ScatterMode.ND)
    return b.permute(written, [order.index(i) for i in range(len(order))])


@converts(aten.select_scatter.default)
def select_scatter(b: Builder, x: Value, part: Value, axis: int, index: Any) -> Value:
    x = b.tensor(x)
    axis = b.axis(x, axis)
    first = b.shape(x)[axis] + index if isinstance(index, int) and index < 0 else index
    lengths = [*b.shape(x)[:axis], 1, *b.shape(x)[axis + 1 :]]
    part = b.unsqueeze(b.cast(part, b.dtype(x)), [axis])
    return _between(b, x, b.expand(part, lengths), axis, first, first + 1)


def _between(b: Builder, x: Value, part: Value, axis: int, first: Any, last: Any) -> Value:
    n = b.shape(x)[axis]
    parts = [part]
    if not (isinstance(first, int) and first == 0):
        parts.insert(0, b.narrow(x, axis, 0, first))
    if not last == n:
        parts.append(b.narrow(x, axis, last, n - last))
    return b.concat(parts, axis)


# ---- single elements


def plain_index(node: Any, settings: Any) -> str | None:
    """Indices of scatter are one tensor of integers, no larger than what it writes to."""
    index = meta(argument(node, "index"))
    return None if index.dtype in INDEX_TYPES else "its index is not int32 or int64"


@converts(aten.scatter.src, aten.scatter.value, when=plain_index)
def scatter(b: Builder, x: Value, axis: int, index: Value, source: Value) -> Value:
    """Of a source that is larger than the index, the first elements count."""
    x, index = b.tensor(x), b.tensor(index)
    if b.rank(x) == 0:
        return b.reshape(b.expand(b.cast(source, b.dtype(x)), []), [])
    source = b.tensor(source, b.dtype(x), rank=b.rank(x))
    lengths = b.shape(index)
    if b.shape(source) != lengths and b.rank(source) and b.shape(source) != (1,) * b.rank(source):
        source = b.slice(source, [0] * len(lengths), lengths)
    return b.scatter(x, index, b.expand(source, lengths), b.axis(x, axis))


def known_places(node: Any, settings: Any) -> str | None:
    """Integers; or one mask in front, with one value for all its elements."""
    given = [(i, meta(x)) for i, x in enumerate(node.args[1]) if x is not None]
    if len(given) == 1 and given[0][1].dtype is torch.bool:
        if given[0][0] != 0:
            return "its mask is not about the first axes"
        values = meta(node.args[2])
        single = all(isinstance(n, int) and n == 1 for n in values.shape)
        return None if single else "it writes as many values as its mask has true elements"
    wrong = [x.dtype for _, x in given if x.dtype not in INDEX_TYPES]
    return f"the engine indexes with int32 and int64, not with {wrong[0]}" if wrong else None


@converts(aten.index_put.default, when=known_places)
def index_put(b: Builder, x: Value, indices: Sequence[Value | None], values: Value) -> Value:
    """x[i, :, j] = values"""
    x = b.tensor(x)
    axes = [i for i, given in enumerate(indices) if given is not None]
    values = b.tensor(values, b.dtype(x))
    if not axes:
        return b.expand(values, b.shape(x))
    if b.dtype(indices[axes[0]]) is torch.bool:  # type: ignore[arg-type]
        return _masked(b, x, indices[axes[0]], values)  # type: ignore[arg-type]
    kept = [i for i in range(b.rank(x)) if i not in axes]
    order = [*axes, *kept]
    front = b.permute(x, order)
    size = b.shape(front)
    place = linear_index(b, [indices[i] for i in axes], size[: len(axes)])  # type: ignore[misc]
    values = _in_front(b, values, axes, b.shape(place), size[len(axes) :])
    flat = b.flatten(front, 0, len(axes) - 1)
    written = b.scatter(flat, b.unsqueeze(place, [b.rank(place)]), values, mode=trt.ScatterMode.ND)
    return b.permute(b.reshape(written, size), [order.index(i) for i in range(len(order))])


def _masked(b: Builder, x: Value, mask: Value, values: Value) -> Value:
    mask = b.tensor(mask)
    mask = b.unsqueeze(mask, range(b.rank(mask), b.rank(x)))
    return b.select(mask, b.reshape(values, [1] * b.rank(x)), x)


def _in_front(b: Builder, values: Value, axes: list[int], place: Sequence[Any], kept: Sequence[Any]) -> Value:
    """Values broadcast to what x[indices] has, with the axes of the indices in front (see `index`)."""
    width = len(place)
    if axes[-1] - axes[0] != len(axes) - 1 or axes[0] == 0:
        return b.expand(values, [*place, *kept])
    before = axes[0]
    values = b.expand(values, [*kept[:before], *place, *kept[before:]])
    rank = width + len(kept)
    return b.permute(values, [*range(before, before + width), *range(before), *range(before + width, rank)])

"""Operators that pick elements by index."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import tensorrt as trt
import torch

from torch_tensorrt.dynamo.conversion._builder import Builder, Value
from torch_tensorrt.dynamo.conversion._registry import converts
from torch_tensorrt.dynamo.conversion.converters._when import argument, meta

aten = torch.ops.aten
INDEX_TYPES = (torch.int32, torch.int64)


@converts(aten.embedding.default)
def embedding(
    b: Builder,
    weight: Value,
    indices: Value,
    padding_idx: int = -1,
    scale_grad: bool = False,
    sparse: bool = False,
) -> Value:
    """The last three arguments matter to gradients only."""
    return b.gather(weight, indices, 0)


@converts(aten.index_select.default)
def index_select(b: Builder, x: Value, axis: int, indices: Value) -> Value:
    x, indices = b.tensor(x), b.tensor(indices)
    if b.rank(x) == 0:
        return x
    return b.gather(x, b.reshape(indices, [-1]) if b.rank(indices) == 0 else indices, b.axis(x, axis))


@converts(aten.gather.default)
def gather(b: Builder, x: Value, axis: int, indices: Value) -> Value:
    x, indices = b.tensor(x), b.tensor(indices)
    if b.rank(x) == 0:
        return x
    return b.gather(x, indices, b.axis(x, axis), trt.GatherMode.ELEMENT)


def integer_indices(node: Any, settings: Any) -> str | None:
    """Masks give results whose size depends on values."""
    for index in node.args[1]:
        value = meta(index)
        if value is not None and value.dtype not in INDEX_TYPES:
            return (
                f"the engine indexes with int32 and int64, not with {str(value.dtype).removeprefix('torch.')}"
            )
    return None


@converts(aten.index.Tensor, when=integer_indices)
def index(b: Builder, x: Value, indices: Sequence[Value | None]) -> Value:
    """x[i, :, j]: the index tensors are broadcast together, and their axes stand where the first of them
    stood if the indexed axes are neighbours, else in front."""
    x = b.tensor(x)
    axes = [i for i, given in enumerate(indices) if given is not None]
    if not axes:
        return x
    if len(axes) == 1:
        return b.gather(x, indices[axes[0]], axes[0])
    kept = [i for i in range(b.rank(x)) if i not in axes]
    front = b.permute(x, [*axes, *kept])
    size = b.shape(front)
    flat = b.flatten(front, 0, len(axes) - 1)
    place = linear_index(b, [indices[i] for i in axes], size[: len(axes)])
    picked = b.gather(flat, place, 0)
    if axes[-1] - axes[0] == len(axes) - 1 and axes[0] > 0:
        width = b.rank(place)
        before = range(width, width + axes[0])
        picked = b.permute(picked, [*before, *range(width), *range(width + axes[0], b.rank(picked))])
    return picked


def linear_index(b: Builder, indices: Sequence[Value], size: Sequence[Any]) -> Value:
    """Positions in the axes joined to one, negative indices counted from the end."""
    total: Value | None = None
    for given, n in zip(indices, size, strict=False):
        given = b.cast(b.tensor(given), torch.int64)
        length = b.tensor(n if not isinstance(n, int) else b.number(n, torch.int64))
        wrapped = b.select(b.less(given, 0), b.add(given, length), given)
        total = wrapped if total is None else b.add(b.mul(total, length), wrapped)
    return total


# ---- places among boundaries


def one_row(node: Any, settings: Any) -> str | None:
    """Boundaries are counted, so they are one row for all values; a sorter would have to be applied first."""
    boundaries = argument(node, "boundaries" if "bucketize" in str(node.target) else "sorted_sequence")
    return None if meta(boundaries).dim() == 1 else "its boundaries are not one row"


@converts(aten.bucketize.Tensor, when=one_row)
def bucketize(
    b: Builder, x: Value, boundaries: Value, *, out_int32: bool = False, right: bool = False
) -> Value:
    """How many boundaries lie below x; with `right`, those equal to x count too."""
    x, boundaries = (b.tensor(v) for v in b.promote(x, boundaries))
    x = b.unsqueeze(x, [b.rank(x)])
    below = b.less_equal(boundaries, x) if right else b.less(boundaries, x)
    return b.reduce(trt.ReduceOperation.SUM, b.cast(below, torch.int32 if out_int32 else torch.int64), -1)


@converts(aten.searchsorted.Tensor, when=one_row)
def searchsorted(
    b: Builder,
    boundaries: Value,
    x: Value,
    *,
    out_int32: bool = False,
    right: bool = False,
    side: str | None = None,
) -> Value:
    return bucketize(b, x, boundaries, out_int32=out_int32, right=right or side == "right")


# ---- windows


@converts(aten.unfold.default, aten.unfold_copy.default)
def unfold(b: Builder, x: Value, axis: int, size: int, step: int) -> Value:
    """Windows of `size` elements, `step` apart; what lies in a window becomes the last axis."""
    x = b.tensor(x)
    if b.rank(x) == 0:
        return b.unsqueeze(x, [0]) if size == 1 else b.reshape(x, [0])
    axis = b.axis(x, axis)
    count = (b.shape(x)[axis] - size) // step + 1
    order = [*range(axis + 1), *range(axis + 2, b.rank(x) + 1), axis + 1]
    if size == step:
        whole = b.narrow(x, axis, 0, count * size)
        parts = b.reshape(whole, [*b.shape(x)[:axis], count, size, *b.shape(x)[axis + 1 :]])
        return b.permute(parts, order)
    first = b.unsqueeze(b.arange(0, count, step), [1])
    return b.permute(b.gather(x, b.add(first, b.unsqueeze(b.arange(0, size), [0])), axis), order)


def known_and_contiguous(node: Any, settings: Any) -> str | None:
    """Memory of the engine has no strides: they are known, and those of x are its shape's."""
    x, (sizes, strides, *offset) = meta(node.args[0]), node.args[1:]
    if not all(isinstance(n, int) for n in (*x.shape, *sizes, *strides, *(o or 0 for o in offset))):
        return "lengths and strides have to be known at compile time"
    return None if x.is_contiguous() and not x.storage_offset() else "its argument is not contiguous"


@converts(aten.as_strided.default, when=known_and_contiguous)
def as_strided(
    b: Builder, x: Value, sizes: Sequence[int], strides: Sequence[int], offset: int | None = None
) -> Value:
    place = torch.tensor(offset or 0)
    for n, step in zip(sizes, strides, strict=True):
        place = place.unsqueeze(-1) + torch.arange(n) * step
    return b.gather(b.flatten(x), b.constant(place, "strides"), 0)


# ---- triangles


@converts(aten.tril.default)
def tril(b: Builder, x: Value, diagonal: int = 0) -> Value:
    return _triangle(b, x, diagonal, lower=True)


@converts(aten.triu.default)
def triu(b: Builder, x: Value, diagonal: int = 0) -> Value:
    return _triangle(b, x, diagonal, lower=False)


def _triangle(b: Builder, x: Value, diagonal: int, lower: bool) -> Value:
    """Zeros where column - row lies above (below) the diagonal."""
    x = b.tensor(x)
    rows, columns = b.shape(x)[-2:]
    row, column = b.unsqueeze(b.arange(0, rows), [1]), b.unsqueeze(b.arange(0, columns), [0])
    edge = b.add(row, b.number(diagonal, torch.int64))
    keep = b.less_equal(column, edge) if lower else b.greater_equal(column, edge)
    return b.select(keep, x, b.scalar(0, x))

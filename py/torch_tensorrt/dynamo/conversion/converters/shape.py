"""Operators that change the shape or the order of elements but no value."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch

from torch_tensorrt.dynamo.conversion._builder import Builder, Value
from torch_tensorrt.dynamo.conversion._dims import Length, known, largest, prod, smallest
from torch_tensorrt.dynamo.conversion._registry import converts
from torch_tensorrt.dynamo.conversion.converters._when import argument, known_length, meta

aten = torch.ops.aten
TO_THE_END = 2**63 - 1


@converts(
    aten.view.default,
    aten.reshape.default,
    aten._unsafe_view.default,
    aten._reshape_copy.default,
    aten.view_copy.default,
)
def reshape(b: Builder, x: Value, dims: Sequence[Length]) -> Value:
    x = b.tensor(x)
    return b.reshape(x, resolved(b, x, dims))


@converts(aten.reshape_as.default, aten.view_as.default)
def reshape_as(b: Builder, x: Value, other: Value) -> Value:
    return b.reshape(x, b.shape(other))


def resolved(b: Builder, x: Value, dims: Sequence[Length]) -> list[Length]:
    """A -1 among the lengths replaced by what remains, where the export or the lengths tell it."""
    dims = list(dims)
    holes = [i for i, n in enumerate(dims) if isinstance(n, int) and n == -1]
    if not holes:
        return dims
    exported = meta(b.node) if b.node is not None else None
    if isinstance(exported, torch.Tensor) and exported.dim() == len(dims):
        length = exported.shape[holes[0]]
        if isinstance(length, int):
            dims[holes[0]] = length
            return dims
    size = b.shape(x)
    rest = [n for i, n in enumerate(dims) if i != holes[0]]
    if known(*size, *rest) and prod(rest):
        dims[holes[0]] = prod(size) // prod(rest)
    return dims


@converts(aten.flatten.using_ints)
def flatten(b: Builder, x: Value, start: int = 0, end: int = -1) -> Value:
    return b.flatten(x, start, end)


@converts(aten.unflatten.int)
def unflatten(b: Builder, x: Value, axis: int, sizes: Sequence[Length]) -> Value:
    x = b.tensor(x)
    axis, size, sizes = b.axis(x, axis), b.shape(x), list(sizes)
    if -1 in [n for n in sizes if isinstance(n, int)]:
        i = next(i for i, n in enumerate(sizes) if isinstance(n, int) and n == -1)
        sizes[i] = size[axis] // prod(n for j, n in enumerate(sizes) if j != i)
    return b.reshape(x, [*size[:axis], *sizes, *size[axis + 1 :]])


@converts(aten.permute.default)
def permute(b: Builder, x: Value, dims: Sequence[int]) -> Value:
    return b.permute(x, dims)


@converts(aten.transpose.int)
def transpose(b: Builder, x: Value, first: int, second: int) -> Value:
    order = list(range(b.rank(x)))
    if not order:
        return b.tensor(x)
    first, second = b.axis(x, first), b.axis(x, second)
    order[first], order[second] = order[second], order[first]
    return b.permute(x, order)


@converts(aten.t.default)
def matrix_transpose(b: Builder, x: Value) -> Value:
    return b.permute(x, [1, 0]) if b.rank(x) == 2 else b.tensor(x)


@converts(aten.unsqueeze.default)
def unsqueeze(b: Builder, x: Value, axis: int) -> Value:
    return b.unsqueeze(x, [b.axis(b.rank(x) + 1, axis)])


def squeezed_axes_known(node: Any, settings: Any) -> str | None:
    """Whether an axis goes away must not depend on run time."""
    x, dims = meta(node.args[0]), node.args[1] if len(node.args) > 1 else range(meta(node.args[0]).dim())
    for axis in [dims] if isinstance(dims, int) else dims:
        if x.dim() and isinstance(x.shape[axis], torch.SymInt) and meta(node).dim() == x.dim() - 1:
            return "whether the axis has length 1 has to be known at compile time"
    return None


@converts(aten.squeeze.default, aten.squeeze.dim, aten.squeeze.dims, when=squeezed_axes_known)
def squeeze(b: Builder, x: Value, dims: Any = None) -> Value:
    """Only axes of length 1 go away."""
    x = b.tensor(x)
    size = b.shape(x)
    if not size:
        return x
    chosen = range(len(size)) if dims is None else ([dims] if isinstance(dims, int) else dims)
    drop = {b.axis(x, i) for i in chosen}
    return b.squeeze(x, [i for i in sorted(drop) if isinstance(size[i], int) and size[i] == 1])


@converts(aten.expand.default)
def expand(b: Builder, x: Value, dims: Sequence[Length], *, implicit: bool = False) -> Value:
    return b.expand(x, dims)


@converts(aten.expand_as.default)
def expand_as(b: Builder, x: Value, other: Value) -> Value:
    return b.expand(x, b.shape(other))


@converts(aten.repeat.default, aten.tile.default)
def repeat(b: Builder, x: Value, times: Sequence[Length]) -> Value:
    """Each axis becomes (times, length), expanded and joined again."""
    times = [1] * (b.rank(x) - len(times)) + list(times)
    x = b.tensor(x, rank=len(times))
    size = b.shape(x)
    paired = [n for pair in zip([1] * len(size), size, strict=False) for n in pair]
    wide = [n for pair in zip(times, size, strict=False) for n in pair]
    joined = [
        times[i] * n if isinstance(times[i], int) and isinstance(n, int) else n * times[i]
        for i, n in enumerate(size)
    ]
    if all(isinstance(t, int) and t == 1 for t in times):
        return x
    return b.reshape(b.expand(b.reshape(x, paired), wide), joined)


# ---- parts


@converts(aten.slice.Tensor)
def slice_(b: Builder, x: Value, axis: int = 0, start: Any = None, end: Any = None, step: int = 1) -> Value:
    x = b.tensor(x)
    axis = b.axis(x, axis)
    n = b.shape(x)[axis]
    first = bounded(n, 0 if start is None else start)
    last = bounded(n, TO_THE_END if end is None else end)
    span = last - first
    size = largest(span, 0) if not (isinstance(first, int) and first == 0) else span
    if not (isinstance(step, int) and step == 1):
        size = (size + (step - 1)) // step
    return b.narrow(x, axis, first, size, step)


def bounded(n: Length, position: Length) -> Length:
    """A slice bound as Python reads it: negative counts from the end, then clamped into [0, n]."""
    if isinstance(position, int):
        if position >= TO_THE_END:
            return n
        if position < 0:
            return largest(n + position, 0)
        return 0 if position == 0 else smallest(n, position)
    return position if position == n else smallest(n, position)


@converts(aten.narrow.default)
def narrow(b: Builder, x: Value, axis: int, start: Length, length: Length) -> Value:
    n = b.shape(x)[b.axis(x, axis)]
    return b.narrow(x, axis, n + start if isinstance(start, int) and start < 0 else start, length)


@converts(aten.select.int)
def select(b: Builder, x: Value, axis: int, index: Length) -> Value:
    x = b.tensor(x)
    axis = b.axis(x, axis)
    start = b.shape(x)[axis] + index if isinstance(index, int) and index < 0 else index
    return b.squeeze(b.narrow(x, axis, start, 1), [axis])


def known_axis(kind: str) -> Callable[..., str | None]:
    """How many tensors come out must not depend on run time."""

    def check(node: Any, settings: Any) -> str | None:
        return known_length(f"the length of the {kind} axis", meta(node.args[0]).shape[argument(node, "dim")])

    return check


def _length_of(b: Builder, x: Value, axis: int) -> int:
    n = b.shape(x)[b.axis(x, axis)]
    if not isinstance(n, int):
        raise b.error(f"the length of axis {axis} has to be known at compile time", f"length {n}")
    return n


@converts(aten.split.Tensor, aten.unsafe_split.Tensor, when=known_axis("split"))
def split(b: Builder, x: Value, size: int, axis: int = 0) -> Any:
    n = _length_of(b, x, axis)
    if n == 0:
        return (b.tensor(x),)
    return tuple(b.narrow(x, axis, i, min(size, n - i)) for i in range(0, n, size))


@converts(aten.split_with_sizes.default, aten.split.sizes, aten.unsafe_split_with_sizes.default)
def split_with_sizes(b: Builder, x: Value, sizes: Sequence[Length], axis: int = 0) -> Any:
    parts: list[Value] = []
    start: Length = 0
    for size in sizes:
        parts.append(b.narrow(x, axis, start, size))
        start = start + size
    return tuple(parts)


@converts(aten.chunk.default, when=known_axis("split"))
def chunk(b: Builder, x: Value, chunks: int, axis: int = 0) -> Any:
    n = _length_of(b, x, axis)
    return split(b, x, max(-(-n // chunks), 1), axis)


@converts(aten.unbind.int, when=known_axis("unbound"))
def unbind(b: Builder, x: Value, axis: int = 0) -> Any:
    return tuple(select(b, x, axis, i) for i in range(_length_of(b, x, axis)))


@converts(aten.diagonal.default, aten.diagonal_copy.default)
def diagonal(b: Builder, x: Value, offset: int = 0, first: int = 0, second: int = 1) -> Value:
    """The two axes joined, then every (columns + 1)-th element."""
    x = b.tensor(x)
    first, second = b.axis(x, first), b.axis(x, second)
    others = [i for i in range(b.rank(x)) if i not in (first, second)]
    x = b.permute(x, [*others, first, second])
    *outer, rows, columns = b.shape(x)
    if not isinstance(rows, int) or not isinstance(columns, int):
        raise b.error("diagonal needs known lengths of its two axes", f"lengths {[rows, columns]}")
    count = max(min(rows, columns - offset) if offset >= 0 else min(rows + offset, columns), 0)
    start = offset if offset >= 0 else -offset * columns
    flat = b.reshape(x, [*outer, rows * columns])
    return b.narrow(flat, len(outer), start if count else 0, count, columns + 1)


# ---- joined and turned


@converts(aten.cat.default)
def cat(b: Builder, tensors: Sequence[Value], axis: int = 0) -> Value:
    """Old-style empty vectors (shape [0]) vanish, as in torch."""
    kept = [x for x in tensors if not (b.rank(x) == 1 and b.shape(x) == (0,))] or list(tensors[:1])
    return b.concat(b.promote(*kept), axis)


@converts(aten.stack.default)
def stack(b: Builder, tensors: Sequence[Value], axis: int = 0) -> Value:
    place = b.axis(b.rank(tensors[0]) + 1, axis)
    return b.concat([b.unsqueeze(x, [place]) for x in b.promote(*tensors)], place)


@converts(aten.flip.default)
def flip(b: Builder, x: Value, dims: Sequence[int]) -> Value:
    x = b.tensor(x)
    size, turned = b.shape(x), {b.axis(x, i) for i in dims}
    start = [n - 1 if i in turned else 0 for i, n in enumerate(size)]
    return b.slice(x, start, size, [-1 if i in turned else 1 for i in range(len(size))])


@converts(aten.roll.default)
def roll(b: Builder, x: Value, shifts: Sequence[int], dims: Sequence[int] = ()) -> Value:
    if not dims:
        flat = roll(b, b.flatten(x), shifts, [0])
        return b.reshape(flat, b.shape(x))
    x = b.tensor(x)
    for shift, axis in zip(shifts, dims, strict=False):
        axis = b.axis(x, axis)
        n = b.shape(x)[axis]
        if isinstance(n, int) and n == 0:
            continue
        cut = (n - shift) % n
        x = b.concat([b.narrow(x, axis, cut, n - cut), b.narrow(x, axis, 0, cut)], axis)
    return x


@converts(aten.channel_shuffle.default)
def channel_shuffle(b: Builder, x: Value, groups: int) -> Value:
    """[B, g C, ...] -> [B, C g, ...]."""
    x = b.tensor(x)
    size, rest = b.shape(x), range(3, b.rank(x) + 1)
    parts = b.reshape(x, [size[0], groups, size[1] // groups, *size[2:]])
    return b.reshape(b.permute(parts, [0, 2, 1, *rest]), size)


@converts(aten.pixel_shuffle.default)
def pixel_shuffle(b: Builder, x: Value, factor: int) -> Value:
    """[..., C r^2, H, W] -> [..., C, H r, W r]."""
    x = b.tensor(x)
    *outer, channels, height, width = b.shape(x)
    rank, kept = len(outer), channels // (factor * factor)
    x = b.reshape(x, [*outer, kept, factor, factor, height, width])
    x = b.permute(x, [*range(rank), rank, rank + 3, rank + 1, rank + 4, rank + 2])
    return b.reshape(x, [*outer, kept, height * factor, width * factor])


@converts(aten.pixel_unshuffle.default)
def pixel_unshuffle(b: Builder, x: Value, factor: int) -> Value:
    """[..., C, H r, W r] -> [..., C r^2, H, W]."""
    x = b.tensor(x)
    *outer, channels, height, width = b.shape(x)
    rank = len(outer)
    x = b.reshape(x, [*outer, channels, height // factor, factor, width // factor, factor])
    x = b.permute(x, [*range(rank), rank, rank + 2, rank + 4, rank + 1, rank + 3])
    return b.reshape(x, [*outer, channels * factor * factor, height // factor, width // factor])


@converts(
    aten.alias.default,
    aten.clone.default,
    aten.contiguous.default,
    aten.detach.default,
    aten.lift_fresh_copy.default,
    aten.lift_fresh.default,
    aten.alias_copy.default,
    aten.detach_copy.default,
)
def identity(b: Builder, x: Value) -> Value:
    return x

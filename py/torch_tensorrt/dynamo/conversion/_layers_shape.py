"""Layers that move data: reshape, permute, expand, slice, concatenate, gather, scatter, select."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import tensorrt as trt
import torch

from torch_tensorrt.dynamo.conversion._dims import Dim, Length, as_ints, known, smallest
from torch_tensorrt.dynamo.conversion._weights import Const

if TYPE_CHECKING:
    from torch_tensorrt.dynamo.conversion._builder import Builder, Value


class ShapeLayers:
    """Data movement layers of the Builder."""

    def reshape(self: Builder, x: Value, dims: Sequence[Length]) -> trt.ITensor:
        """`x` with these lengths; one may be -1."""
        x, dims = self.tensor(x), list(dims)
        have = self.shape(x)
        if tuple(dims) == have:
            return x
        layer = self.network.add_shuffle(x)
        if layer is not None:
            static = self._static_reshape(have, dims)
            layer.zero_is_placeholder = static is not None and 0 in static and 0 not in dims
            if static is not None:
                layer.reshape_dims = static
            else:
                layer.set_input(1, self.lengths(dims))
        return self.emit(layer, "SHUFFLE")

    def _static_reshape(
        self: Builder, have: tuple[Length, ...], dims: list[Length]
    ) -> tuple[int, ...] | None:
        """Reshape lengths without a shape tensor, or None: 0 copies the length at its place, -1 is the
        remaining one.
        """
        fixed = as_ints(dims)
        if fixed is not None:
            return tuple(fixed)
        if 0 in dims:
            return None
        static = [
            0 if isinstance(n, Dim) and i < len(have) and have[i] == n else n for i, n in enumerate(dims)
        ]
        unknown = [i for i, n in enumerate(static) if isinstance(n, Dim)]
        if len(unknown) > 1 or (unknown and -1 in static):
            return None
        return tuple(-1 if isinstance(n, Dim) else n for n in static)

    def flatten(self: Builder, x: Value, start: int = 0, end: int = -1) -> trt.ITensor:
        """Axes start..end (both included) as one; a scalar becomes a vector."""
        x = self.tensor(x)
        if self.rank(x) == 0:
            return self.reshape(x, [1])
        start, end = self.axis(x, start), self.axis(x, end)
        size = self.shape(x)
        middle: Length = 1
        for n in size[start : end + 1]:
            middle = n * middle if isinstance(n, Dim) else middle * n
        return self.reshape(x, [*size[:start], middle, *size[end + 1 :]])

    def permute(self: Builder, x: Value, perm: Sequence[int]) -> trt.ITensor:
        """Axis i of the result is axis perm[i] of `x`."""
        x = self.tensor(x)
        order = [self.axis(x, i) for i in perm]
        if order == sorted(order):
            return x
        layer = self.network.add_shuffle(x)
        if layer is not None:
            layer.first_transpose = trt.Permutation(order)
        return self.emit(layer, "SHUFFLE")

    def squeeze(self: Builder, x: Value, axes: Iterable[int]) -> trt.ITensor:
        """Without the given axes, whose lengths are 1."""
        x = self.tensor(x)
        drop = {self.axis(x, i) for i in axes}
        if not drop:
            return x
        dims = [n for i, n in enumerate(self.shape(x)) if i not in drop]
        if self._static_reshape(self.shape(x), dims) is not None:
            return self.reshape(x, dims)
        where = self.constant(torch.tensor(sorted(drop), dtype=torch.int64), "axes")
        return self.emit(self.network.add_squeeze(x, where), "SQUEEZE")

    def unsqueeze(self: Builder, x: Value, axes: Iterable[int]) -> trt.ITensor:
        """With axes of length 1 at these positions of the result."""
        x, axes = self.tensor(x), list(axes)
        if not axes:
            return x
        rank = self.rank(x) + len(axes)
        added, old = {self.axis(rank, i) for i in axes}, iter(self.shape(x))
        dims = [1 if i in added else next(old) for i in range(rank)]
        if self._static_reshape(self.shape(x), dims) is not None:
            return self.reshape(x, dims)
        where = self.constant(torch.tensor(sorted(added), dtype=torch.int64), "axes")
        return self.emit(self.network.add_unsqueeze(x, where), "UNSQUEEZE")

    def expand(self: Builder, x: Value, dims: Sequence[Length]) -> trt.ITensor:
        """Broadcast to these lengths (-1 keeps the length); new axes come first."""
        x = self.tensor(x, rank=len(dims))
        have = self.shape(x)
        want = [n if isinstance(d, int) and d == -1 else d for n, d in zip(have, dims, strict=False)]
        if tuple(want) == have:
            return x
        stride = [self._expand_stride(n, w) for n, w in zip(have, want, strict=False)]
        return self.slice(x, [0] * len(want), want, stride)

    def _expand_stride(self: Builder, have: Length, want: Length) -> Length:
        if isinstance(have, int):
            return 0 if have == 1 else 1
        return 1 if have == want else smallest(have - 1, 1)

    def slice(
        self: Builder,
        x: Value,
        start: Sequence[Length],
        size: Sequence[Length],
        stride: Sequence[Length] | None = None,
        mode: trt.SampleMode | None = None,
        fill: Value | None = None,
    ) -> trt.ITensor:
        """y[i] = x[start + i * stride] per axis; `size` holds the lengths of the result. `fill` goes with
        mode FILL.
        """
        x = self.tensor(x)
        strides: Sequence[Length] = [1] * self.rank(x) if stride is None else stride
        parts: list[list[Length]] = [list(start), list(size), list(strides)]
        if not parts[0]:
            return x
        if mode is None and self._is_whole(x, parts):
            return x
        # A static part stands in the layer; a place holder stands there for one that is a shape tensor.
        static = [tuple(p) if known(*p) else (0,) * len(p) for p in parts]
        layer = self.network.add_slice(x, *static)
        if layer is not None:
            for i, part in enumerate(parts):
                if not known(*part):
                    layer.set_input(i + 1, self.lengths(part))
            if mode is not None:
                layer.mode = mode
            if fill is not None:
                layer.set_input(4, self.tensor(fill, self.dtype(x), rank=0))
        return self.emit(layer, "SLICE")

    def _is_whole(self: Builder, x: trt.ITensor, parts: list[list[Length]]) -> bool:
        start, size, stride = parts
        return all(s == 0 and t == 1 for s, t in zip(start, stride, strict=False)) and tuple(
            size
        ) == self.shape(x)

    def narrow(
        self: Builder, x: Value, axis: int, start: Length, size: Length, stride: int = 1
    ) -> trt.ITensor:
        """A slice along one axis; the other axes stay whole."""
        x = self.tensor(x)
        axis, lengths = self.axis(x, axis), self.shape(x)
        starts: list[Length] = [0] * len(lengths)
        strides: list[Length] = [1] * len(lengths)
        starts[axis], strides[axis] = start, stride
        return self.slice(x, starts, [*lengths[:axis], size, *lengths[axis + 1 :]], strides)

    def concat(self: Builder, xs: Sequence[Value], axis: int) -> trt.ITensor:
        """The values one after another along an axis; all of one type."""
        tensors = [self.tensor(x) for x in xs]
        if len(tensors) == 1:
            return tensors[0]
        self.require_same("A concatenation", *tensors)
        layer = self.network.add_concatenation(tensors)
        if layer is not None:
            layer.axis = self.axis(tensors[0], axis)
        return self.emit(layer, "CONCATENATION")

    def gather(
        self: Builder,
        x: Value,
        indices: Value,
        axis: int = 0,
        mode: trt.GatherMode | None = None,
        batch: int = 0,
    ) -> trt.ITensor:
        """Elements of `x` at `indices` (int32 or int64) along an axis; `batch` leading axes are matched one
        to one.
        """
        x, indices = self.tensor(x), self.tensor(indices)
        layer = self.network.add_gather_v2(x, indices, mode or trt.GatherMode.DEFAULT)
        if layer is not None:
            if mode != trt.GatherMode.ND:
                layer.axis = self.axis(x, axis)
            layer.num_elementwise_dims = batch
        return self.emit(layer, "GATHER")

    def scatter(
        self: Builder,
        x: Value,
        indices: Value,
        updates: Value,
        axis: int = 0,
        mode: trt.ScatterMode | None = None,
    ) -> trt.ITensor:
        """`x` with `updates` written at `indices`."""
        x, indices, updates = self.tensor(x), self.tensor(indices), self.tensor(updates)
        self.require_same("A scatter", x, updates)
        layer = self.network.add_scatter(x, indices, updates, mode or trt.ScatterMode.ELEMENT)
        if layer is not None and mode != trt.ScatterMode.ND:
            layer.axis = self.axis(x, axis)
        return self.emit(layer, "SCATTER")

    def select(self: Builder, condition: Value, x: Value, y: Value) -> trt.ITensor:
        """x where the condition holds, y elsewhere; x and y of one type."""
        rank = max(self.rank(condition), self.rank(x), self.rank(y))
        x, y = self.aligned(x, y)
        x, y = self.tensor(x, rank=rank), self.tensor(y, rank=rank)
        self.require_same("A selection", x, y)
        condition = self.tensor(condition, torch.bool, rank=rank)
        return self.emit(self.network.add_select(condition, x, y), "SELECT")

    def known_value(self: Builder, x: Value) -> bool | int | float | None:
        """The number behind a value, or None where it is not one known number."""
        if isinstance(x, Const):
            return x.value.item() if x.value.numel() == 1 else None
        return None if isinstance(x, (trt.ITensor, Dim)) else x

"""Lengths that are known only at run time: arithmetic on them folds what is known and adds shape layers for
the rest.

A known length is a Python int, an unknown one a `Dim`; both mix freely in `+ - * // %`, `largest`, `smallest`
and `prod`.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from typing import Any

import tensorrt as trt

Op = trt.ElementWiseOperation


class Dim:
    """An unknown length. `tensor` is its value: INT64, rank 1, one element; layers are added when it is
    first asked for.

    Equal keys mean equal lengths: two Dims of one export symbol are equal without looking at values.
    """

    __slots__ = ("builder", "key", "_make", "_tensor")

    def __init__(self, builder: Any, key: Hashable, make: Callable[[], trt.ITensor]) -> None:
        self.builder = builder
        self.key = key
        self._make = make
        self._tensor: trt.ITensor | None = None

    @property
    def tensor(self) -> trt.ITensor:
        if self._tensor is None:
            self._tensor = self._make()
        return self._tensor

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Dim) and other.key == self.key

    def __hash__(self) -> int:
        return hash(self.key)

    def __repr__(self) -> str:
        return f"Dim({self.key})"

    def __bool__(self) -> bool:
        raise TypeError(f"{self} is known only at run time; ask `isinstance(d, int)` first")

    def __add__(self, other: Length) -> Length:
        return self if _is(other, 0) else _binary(self.builder, Op.SUM, self, other)

    __radd__ = __add__

    def __sub__(self, other: Length) -> Length:
        if _is(other, 0) or self == other:
            return self if _is(other, 0) else 0
        return _binary(self.builder, Op.SUB, self, other)

    def __rsub__(self, other: int) -> Length:
        return _binary(self.builder, Op.SUB, other, self)

    def __neg__(self) -> Length:
        return 0 - self

    def __mul__(self, other: Length) -> Length:
        if _is(other, 0) or _is(other, 1):
            return self if _is(other, 1) else 0
        return _binary(self.builder, Op.PROD, self, other)

    __rmul__ = __mul__

    def __floordiv__(self, other: Length) -> Length:
        return self if _is(other, 1) else _binary(self.builder, Op.FLOOR_DIV, self, other)

    def __rfloordiv__(self, other: int) -> Length:
        return _binary(self.builder, Op.FLOOR_DIV, other, self)

    def __mod__(self, other: Length) -> Length:
        return 0 if _is(other, 1) else self - (self // other) * other

    def __rmod__(self, other: int) -> Length:
        return other - (other // self) * self


Length = int | Dim


def _is(value: object, number: int) -> bool:
    return isinstance(value, int) and value == number


def _key(value: Length) -> Hashable:
    return value.key if isinstance(value, Dim) else value


def _binary(builder: Any, op: trt.ElementWiseOperation, x: Length, y: Length) -> Dim:
    key = (op.name, _key(x), _key(y))
    return builder.dim(key, lambda: builder.elementwise(op, builder.length(x), builder.length(y)))


def known(*lengths: Length) -> bool:
    """Whether every length is known while the network is made."""
    return all(isinstance(n, int) for n in lengths)


def as_ints(lengths: Iterable[Length]) -> list[int] | None:
    """The lengths, or None where one is known only at run time."""
    numbers: list[int] = []
    for n in lengths:
        if not isinstance(n, int):
            return None
        numbers.append(n)
    return numbers


def largest(x: Length, y: Length) -> Length:
    """The larger of two lengths."""
    if isinstance(x, int) and isinstance(y, int):
        return max(x, y)
    builder = x.builder if isinstance(x, Dim) else y.builder  # type: ignore[union-attr]
    return x if x == y else _binary(builder, Op.MAX, x, y)


def smallest(x: Length, y: Length) -> Length:
    """The smaller of two lengths."""
    if isinstance(x, int) and isinstance(y, int):
        return min(x, y)
    builder = x.builder if isinstance(x, Dim) else y.builder  # type: ignore[union-attr]
    return x if x == y else _binary(builder, Op.MIN, x, y)


def prod(lengths: Iterable[Length]) -> Length:
    """Product of lengths; 1 for none."""
    total: Length = 1
    for n in lengths:
        total = n * total if isinstance(n, Dim) else total * n
    return total

"""Layers that compute element by element, reduce, or multiply matrices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import tensorrt as trt
import torch

from torch_tensorrt.dynamo.conversion._dims import Dim, Length
from torch_tensorrt.dynamo.conversion._types import short, to_trt
from torch_tensorrt.dynamo.conversion._weights import Const

if TYPE_CHECKING:
    from torch_tensorrt.dynamo.conversion._builder import Builder, Value

Op = trt.ElementWiseOperation
UnaryOp = trt.UnaryOperation
ReduceOp = trt.ReduceOperation
Matrix = trt.MatrixOperation

_LOGIC = {Op.AND, Op.OR, Op.XOR}
# What arithmetic means on bool, which TensorRT's arithmetic layers do not take.
_BOOL_TWIN = {Op.SUM: Op.OR, Op.PROD: Op.AND, Op.MAX: Op.OR, Op.MIN: Op.AND}
_INTEGERS = (torch.int8, torch.int32, torch.int64)
_ON_INTEGERS = {UnaryOp.ABS, UnaryOp.SIGN}
_ROUNDING = {UnaryOp.CEIL, UnaryOp.FLOOR, UnaryOp.ROUND}


class MathLayers:
    """Elementwise, unary, activation, reduction, matrix and cumulative layers of the Builder."""

    def elementwise(self: Builder, op: trt.ElementWiseOperation, x: Value, y: Value) -> trt.ITensor:
        """`op` with the ranks made equal; both operands have one type already (numbers take the other's)."""
        x, y = self.aligned(x, y)
        self.require_same(f"{op.name} (elementwise)", x, y)
        if self.dtype(x) is torch.bool and op not in _LOGIC:
            return self._on_bools(op, x, y)
        return self.emit(self.network.add_elementwise(x, y, op), "ELEMENTWISE")

    def aligned(self: Builder, *xs: Value) -> list[trt.ITensor]:
        """The values as tensors of one rank; numbers take the type of the first tensor or constant."""
        lengths = [x for x in xs if isinstance(x, Dim) or type(x) is int]
        if len(lengths) == len(xs):
            return [self.length(n) for n in lengths]
        rank = max(self.rank(x) for x in xs)
        typed = [x for x in xs if isinstance(x, (trt.ITensor, Const))]
        dtype = self.dtype(typed[0]) if typed else None
        return [self.tensor(x, None if isinstance(x, (trt.ITensor, Const)) else dtype, rank=rank) for x in xs]

    def _on_bools(self: Builder, op: trt.ElementWiseOperation, x: trt.ITensor, y: trt.ITensor) -> trt.ITensor:
        if op in _BOOL_TWIN:
            return self.elementwise(_BOOL_TWIN[op], x, y)
        if op is Op.EQUAL or op == Op.EQUAL:
            return self.logical_not(self.elementwise(Op.XOR, x, y))
        if op == Op.GREATER:
            return self.elementwise(Op.AND, x, self.logical_not(y))
        if op == Op.LESS:
            return self.elementwise(Op.AND, self.logical_not(x), y)
        raise self.error(f"{op.name} is not defined on bool")

    def add(self: Builder, x: Value, y: Value) -> trt.ITensor:
        """x + y; on bool: or."""
        return self.elementwise(Op.SUM, x, y)

    def sub(self: Builder, x: Value, y: Value) -> trt.ITensor:
        """x - y."""
        return self.elementwise(Op.SUB, x, y)

    def mul(self: Builder, x: Value, y: Value) -> trt.ITensor:
        """x * y; on bool: and."""
        return self.elementwise(Op.PROD, x, y)

    def div(self: Builder, x: Value, y: Value) -> trt.ITensor:
        """x / y; integers: rounded towards zero."""
        return self.elementwise(Op.DIV, x, y)

    def floor_div(self: Builder, x: Value, y: Value) -> trt.ITensor:
        """floor(x / y), for integers too."""
        return self.elementwise(Op.FLOOR_DIV, x, y)

    def maximum(self: Builder, x: Value, y: Value) -> trt.ITensor:
        """The larger of both."""
        return self.elementwise(Op.MAX, x, y)

    def minimum(self: Builder, x: Value, y: Value) -> trt.ITensor:
        """The smaller of both."""
        return self.elementwise(Op.MIN, x, y)

    def pow(self: Builder, x: Value, y: Value) -> trt.ITensor:
        """x to the y-th; integers only with a known exponent >= 0, as products (TensorRT's POW has no
        integers).
        """
        if self.dtype(x) not in _INTEGERS:
            return self.elementwise(Op.POW, x, y)
        exponent = int(y.value) if isinstance(y, Const) and y.value.numel() == 1 else y
        if type(exponent) is not int or exponent < 0:
            raise self.error("An integer power needs a known exponent that is not negative", f"exponent {y}")
        return self._integer_power(self.tensor(x), exponent)

    def _integer_power(self: Builder, x: trt.ITensor, exponent: int) -> trt.ITensor:
        result: trt.ITensor | None = None
        while exponent:
            if exponent & 1:
                result = x if result is None else self.mul(result, x)
            exponent >>= 1
            x = self.mul(x, x) if exponent else x
        return result if result is not None else self.full_like(x, 1)

    def equal(self: Builder, x: Value, y: Value) -> trt.ITensor:
        """x == y as bool."""
        return self.elementwise(Op.EQUAL, x, y)

    def not_equal(self: Builder, x: Value, y: Value) -> trt.ITensor:
        """x != y as bool; true for nan."""
        return self.logical_not(self.equal(x, y))

    def greater(self: Builder, x: Value, y: Value) -> trt.ITensor:
        """x > y as bool."""
        return self.elementwise(Op.GREATER, x, y)

    def less(self: Builder, x: Value, y: Value) -> trt.ITensor:
        """x < y as bool."""
        return self.elementwise(Op.LESS, x, y)

    def greater_equal(self: Builder, x: Value, y: Value) -> trt.ITensor:
        """x >= y as bool; false for nan."""
        return self.logical_or(self.greater(x, y), self.equal(x, y))

    def less_equal(self: Builder, x: Value, y: Value) -> trt.ITensor:
        """x <= y as bool; false for nan."""
        return self.logical_or(self.less(x, y), self.equal(x, y))

    def logical_and(self: Builder, x: Value, y: Value) -> trt.ITensor:
        """Both, as bool; other types are compared with 0 first."""
        return self.elementwise(Op.AND, self.cast(x, torch.bool), self.cast(y, torch.bool))

    def logical_or(self: Builder, x: Value, y: Value) -> trt.ITensor:
        """Either, as bool."""
        return self.elementwise(Op.OR, self.cast(x, torch.bool), self.cast(y, torch.bool))

    def logical_xor(self: Builder, x: Value, y: Value) -> trt.ITensor:
        """Exactly one, as bool."""
        return self.elementwise(Op.XOR, self.cast(x, torch.bool), self.cast(y, torch.bool))

    def unary(self: Builder, op: trt.UnaryOperation, x: Value) -> trt.ITensor:
        """`op` in the type of `x`. Rounding leaves integers as they are; other functions want a floating
        type.
        """
        x = self.tensor(x)
        if self.dtype(x) in _INTEGERS and op not in _ON_INTEGERS:
            if op in _ROUNDING:
                return x
            if op == UnaryOp.NEG:
                return self.sub(self.scalar(0, x), x)
            raise self.error(
                f"{op.name} has no version for {short(self.dtype(x))}", "the converter has to promote first"
            )
        return self.emit(self.network.add_unary(x, op), "UNARY")

    def neg(self: Builder, x: Value) -> trt.ITensor:
        """-x; integers as 0 - x."""
        return self.unary(UnaryOp.NEG, x)

    def logical_not(self: Builder, x: Value) -> trt.ITensor:
        """Not x, as bool."""
        return self.unary(UnaryOp.NOT, self.tensor(x, torch.bool))

    def activation(
        self: Builder,
        kind: trt.ActivationType,
        x: Value,
        alpha: float | None = None,
        beta: float | None = None,
    ) -> trt.ITensor:
        """An activation layer; floating types, RELU integers too."""
        layer = self.network.add_activation(self.tensor(x), kind)
        if layer is not None and alpha is not None:
            layer.alpha = alpha
        if layer is not None and beta is not None:
            layer.beta = beta
        return self.emit(layer, "ACTIVATION")

    def reduce(
        self: Builder,
        op: trt.ReduceOperation,
        x: Value,
        axes: int | Sequence[int] | None,
        keepdim: bool = False,
    ) -> trt.ITensor:
        """Reduces over `axes` (None: all) in the type of `x`; bool has to be cast first."""
        x = self.tensor(x)
        if self.rank(x) == 0:
            return x
        if self.dtype(x) is torch.bool:
            raise self.error(
                "TensorRT does not reduce bool", "the converter has to cast to int32 or int64 first"
            )
        mask = sum(1 << i for i in self.axes(x, axes))
        return self.emit(self.network.add_reduce(x, op, mask, keepdim), "REDUCE")

    def softmax(self: Builder, x: Value, axis: int) -> trt.ITensor:
        """Softmax along one axis."""
        x = self.tensor(x)
        if self.rank(x) == 0:
            return self.squeeze(self.softmax(self.unsqueeze(x, [0]), 0), [0])
        layer = self.network.add_softmax(x)
        if layer is not None:
            layer.axes = 1 << self.axis(x, axis)
        return self.emit(layer, "SOFTMAX")

    def topk(
        self: Builder, x: Value, k: Length, axis: int, largest: bool = True
    ) -> tuple[trt.ITensor, trt.ITensor]:
        """The k largest (smallest) elements along an axis, sorted, and their int64 indices."""
        x = self.tensor(x)
        if self.rank(x) < 2:
            lift = 2 - self.rank(x)
            values, indices = self.topk(self.unsqueeze(x, range(lift)), k, 1, largest)
            return self.squeeze(values, range(lift)), self.squeeze(indices, range(lift))
        op = trt.TopKOperation.MAX if largest else trt.TopKOperation.MIN
        layer = self.network.add_topk(
            x, op, k if isinstance(k, int) else 1, 1 << self.axis(x, axis), trt.DataType.INT64
        )
        if layer is not None and isinstance(k, Dim):
            layer.set_input(1, self.tensor(self.cast(k, torch.int32)))
        values = self.emit(layer, "TOPK")
        return values, self.output_of(layer, "TOPK", 1)

    def cumulative(
        self: Builder, x: Value, axis: int, op: Any = None, exclusive: bool = False, reverse: bool = False
    ) -> trt.ITensor:
        """Running sum along an axis in the type of `x`."""
        x = self.tensor(x)
        where = self.constant(torch.tensor(self.axis(x, axis)), "axis")
        operation = op or trt.CumulativeOperation.SUM
        return self.emit(self.network.add_cumulative(x, where, operation, exclusive, reverse), "CUMULATIVE")

    def matmul(
        self: Builder, x: Value, y: Value, transpose_x: bool = False, transpose_y: bool = False
    ) -> trt.ITensor:
        """torch.matmul: vectors, matrices and batches of them; `transpose_*` swaps the last two axes of a
        matrix.
        """
        drop = [axis for axis, operand in ((-2, x), (-1, y)) if self.rank(operand) == 1]
        x = self.unsqueeze(x, [0]) if self.rank(x) == 1 else x
        y = self.unsqueeze(y, [1]) if self.rank(y) == 1 else y
        rank = max(self.rank(x), self.rank(y))
        x, y = self.tensor(x, rank=rank), self.tensor(y, rank=rank)
        self.require_same("A matrix product", x, y)
        op_x, op_y = (Matrix.TRANSPOSE if t else Matrix.NONE for t in (transpose_x, transpose_y))
        result = self.emit(self.network.add_matrix_multiply(x, op_x, y, op_y), "MATRIX_MULTIPLY")
        return self.squeeze(result, [axis % rank for axis in drop]) if drop else result

    def einsum(self: Builder, equation: str, xs: Sequence[Value]) -> trt.ITensor:
        """torch.einsum over operands of one type."""
        tensors = [self.tensor(x) for x in xs]
        self.require_same("einsum", *tensors)
        return self.emit(self.network.add_einsum(tensors, equation.replace(" ", "")), "EINSUM")

    def full(self: Builder, dims: Sequence[Length], value: Value, dtype: torch.dtype) -> trt.ITensor:
        """A tensor of these lengths with one value everywhere."""
        return self.expand(self.tensor(value, dtype, rank=len(dims)), dims)

    def full_like(self: Builder, x: Value, value: Value, dtype: torch.dtype | None = None) -> trt.ITensor:
        """`full` with the lengths (and the type) of `x`."""
        return self.full(self.shape(x), value, dtype or self.dtype(x))

    def zeros_like(self: Builder, x: Value) -> trt.ITensor:
        """Zeros with the lengths and the type of `x`."""
        return self.full_like(x, 0)

    def ones_like(self: Builder, x: Value) -> trt.ITensor:
        """Ones with the lengths and the type of `x`."""
        return self.full_like(x, 1)

    def arange(
        self: Builder, start: Value, count: Length, step: Value = 1, dtype: torch.dtype = torch.int64
    ) -> trt.ITensor:
        """`count` numbers: start, start + step, ... in `dtype`."""
        if isinstance(count, int) and isinstance(start, (int, float)) and isinstance(step, (int, float)):
            exact = torch.float64 if dtype.is_floating_point else torch.int64
            numbers = torch.arange(count, dtype=exact) * step + start
            return self.tensor(Const(numbers, f"arange of {count}").to(dtype))
        layer = self.network.add_fill((1,), trt.FillOperation.LINSPACE, to_trt(torch.int64))
        if layer is not None:
            layer.set_input(0, self.length(count))
            layer.alpha, layer.beta = 0, 1
        working = dtype if dtype in _INTEGERS else torch.float32
        values = self.cast(self.emit(layer, "FILL"), working)
        if step != 1:
            values = self.mul(values, self.cast(step, working))
        if isinstance(start, (Dim, trt.ITensor)) or start != 0:
            values = self.add(values, self.cast(start, working))
        return self.tensor(values, dtype)

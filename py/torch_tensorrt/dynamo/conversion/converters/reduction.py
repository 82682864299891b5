"""Reductions, running sums, and the k greatest."""

from __future__ import annotations

from typing import Any

import tensorrt as trt
import torch

from torch_tensorrt.dynamo.conversion._builder import Builder, Value
from torch_tensorrt.dynamo.conversion._dims import Length, prod
from torch_tensorrt.dynamo.conversion._promote import Kind
from torch_tensorrt.dynamo.conversion._registry import converts
from torch_tensorrt.dynamo.conversion.converters._when import MAX_K, argument, meta, no_bool

aten = torch.ops.aten
Reduce = trt.ReduceOperation


def summed_dtype(b: Builder, x: Value, dtype: torch.dtype | None) -> torch.dtype:
    """What torch adds in: integers and bool in int64."""
    given = dtype or b.dtype(x)
    return given if dtype is not None or given.is_floating_point else torch.int64


@converts(aten.sum.default)
def sum_all(b: Builder, x: Value, *, dtype: torch.dtype | None = None) -> Value:
    return sum_dims(b, x, None, dtype=dtype)


@converts(aten.sum.dim_IntList)
def sum_dims(
    b: Builder, x: Value, dims: Any, keepdim: bool = False, *, dtype: torch.dtype | None = None
) -> Value:
    return b.reduce(Reduce.SUM, b.cast(x, summed_dtype(b, x, dtype)), dims, keepdim)


@converts(aten.prod.default)
def prod_all(b: Builder, x: Value, *, dtype: torch.dtype | None = None) -> Value:
    return prod_dim(b, x, None, dtype=dtype)


@converts(aten.prod.dim_int)
def prod_dim(
    b: Builder, x: Value, dim: Any, keepdim: bool = False, *, dtype: torch.dtype | None = None
) -> Value:
    return b.reduce(Reduce.PROD, b.cast(x, summed_dtype(b, x, dtype)), dim, keepdim)


@converts(aten.mean.default)
def mean_all(b: Builder, x: Value, *, dtype: torch.dtype | None = None) -> Value:
    return mean_dims(b, x, None, dtype=dtype)


@converts(aten.mean.dim)
def mean_dims(
    b: Builder, x: Value, dims: Any, keepdim: bool = False, *, dtype: torch.dtype | None = None
) -> Value:
    return b.reduce(Reduce.AVG, b.cast(x, dtype or b.dtype(x)), dims, keepdim)


@converts(aten.amax.default, when=no_bool)
def amax(b: Builder, x: Value, dims: Any = (), keepdim: bool = False) -> Value:
    return b.reduce(Reduce.MAX, x, dims, keepdim)


@converts(aten.amin.default, when=no_bool)
def amin(b: Builder, x: Value, dims: Any = (), keepdim: bool = False) -> Value:
    return b.reduce(Reduce.MIN, x, dims, keepdim)


@converts(aten.max.default, when=no_bool)
def max_all(b: Builder, x: Value) -> Value:
    return b.reduce(Reduce.MAX, x, None)


@converts(aten.min.default, when=no_bool)
def min_all(b: Builder, x: Value) -> Value:
    return b.reduce(Reduce.MIN, x, None)


def _truth(b: Builder, op: trt.ReduceOperation, x: Value, dims: Any, keepdim: bool) -> Value:
    """any and all: TensorRT reduces no bool, so 0 and 1 of int32 are reduced."""
    number = b.cast(b.cast(x, torch.bool), torch.int32)
    return b.cast(b.reduce(op, number, dims, keepdim), torch.bool)


@converts(aten.any.default)
def any_all(b: Builder, x: Value) -> Value:
    return _truth(b, Reduce.MAX, x, None, False)


@converts(aten.any.dim, aten.any.dims)
def any_dims(b: Builder, x: Value, dims: Any = None, keepdim: bool = False) -> Value:
    return _truth(b, Reduce.MAX, x, dims, keepdim)


@converts(aten.all.default)
def all_all(b: Builder, x: Value) -> Value:
    return _truth(b, Reduce.MIN, x, None, False)


@converts(aten.all.dim, aten.all.dims)
def all_dims(b: Builder, x: Value, dims: Any = None, keepdim: bool = False) -> Value:
    return _truth(b, Reduce.MIN, x, dims, keepdim)


# ---- spread


def deviations(b: Builder, x: Value, dims: Any) -> tuple[Value, Value]:
    """(mean with kept axes, squared distances from it)."""
    mean = b.reduce(Reduce.AVG, x, dims, keepdim=True)
    distance = b.sub(x, mean)
    return mean, b.mul(distance, distance)


def _variance(b: Builder, x: Value, dims: Any, correction: Any, keepdim: bool) -> Value:
    """Two passes in float32 (or the wider type), divided by max(count - correction, 0)."""
    correction = 1 if correction is None else correction
    _, squares = deviations(b, x, dims)
    size = b.shape(x)
    count: Length = prod(size[i] for i in b.axes(x, dims))
    total = b.reduce(Reduce.SUM, squares, dims, keepdim)
    if isinstance(count, int):
        return b.div(total, b.number(max(float(count - correction), 0.0), b.dtype(x)))
    freedom = b.sub(b.cast(count, b.dtype(x)), b.number(correction, b.dtype(x)))
    return b.div(total, b.maximum(freedom, b.number(0, b.dtype(x))))


def _in_float32(b: Builder, x: Value) -> Value:
    x = b.tensor(x)
    return b.cast(x, torch.float32) if b.dtype(x) in (torch.float16, torch.bfloat16) else x


@converts(aten.var.correction)
def var(b: Builder, x: Value, dims: Any = None, *, correction: Any = None, keepdim: bool = False) -> Value:
    return b.cast(_variance(b, _in_float32(b, x), dims, correction, keepdim), b.dtype(x))


@converts(aten.std.correction)
def std(b: Builder, x: Value, dims: Any = None, *, correction: Any = None, keepdim: bool = False) -> Value:
    root = b.unary(trt.UnaryOperation.SQRT, _variance(b, _in_float32(b, x), dims, correction, keepdim))
    return b.cast(root, b.dtype(x))


@converts(aten.var_mean.correction)
def var_mean(b: Builder, x: Value, dims: Any = None, *, correction: Any = None, keepdim: bool = False) -> Any:
    wide = _in_float32(b, x)
    mean = b.reduce(Reduce.AVG, wide, dims, keepdim)
    return b.cast(_variance(b, wide, dims, correction, keepdim), b.dtype(x)), b.cast(mean, b.dtype(x))


@converts(aten.std_mean.correction)
def std_mean(b: Builder, x: Value, dims: Any = None, *, correction: Any = None, keepdim: bool = False) -> Any:
    wide = _in_float32(b, x)
    mean = b.reduce(Reduce.AVG, wide, dims, keepdim)
    deviation = b.unary(trt.UnaryOperation.SQRT, _variance(b, wide, dims, correction, keepdim))
    return b.cast(deviation, b.dtype(x)), b.cast(mean, b.dtype(x))


@converts(aten.logsumexp.default)
def logsumexp(b: Builder, x: Value, dims: Any, keepdim: bool = False) -> Value:
    (x,) = b.promote(x, kind=Kind.INT_TO_FLOAT)
    wide = _in_float32(b, x)
    peak = b.reduce(Reduce.MAX, wide, dims, keepdim=True)
    # An infinite peak would give inf - inf.
    peak = b.select(b.unary(trt.UnaryOperation.ISINF, peak), b.scalar(0, peak), peak)
    total = b.reduce(Reduce.SUM, b.unary(trt.UnaryOperation.EXP, b.sub(wide, peak)), dims, keepdim=True)
    result = b.add(b.unary(trt.UnaryOperation.LOG, total), peak)
    if not keepdim:
        result = b.squeeze(result, b.axes(x, dims))
    return b.cast(result, b.dtype(x))


# ---- positions


def short_axis(node: Any, settings: Any) -> str | None:
    """For operators that select or sort a whole axis by a TopK layer: at most MAX_K elements."""
    value = meta(node.args[0])
    if value.dtype is torch.bool:
        return "the engine does not sort bool"
    dim = argument(node, "dim")
    length = value.shape[dim] if value.dim() and isinstance(dim, int) else 1
    if isinstance(length, torch.SymInt):
        return "the length of the sorted axis has to be known at compile time"
    return f"the engine sorts at most {MAX_K} elements, not {length}" if length > MAX_K else None


def known_k(node: Any, settings: Any) -> str | None:
    """For topk."""
    value, k = meta(node.args[0]), meta(node.args[1])
    if value.dtype is torch.bool:
        return "the engine does not sort bool"
    if isinstance(k, torch.SymInt):
        return "k has to be known at compile time"
    return f"the engine selects at most {MAX_K} elements, not {k}" if k > MAX_K else None


def _extreme(b: Builder, x: Value, axis: int, keepdim: bool, largest: bool) -> tuple[Value, Value]:
    """Value and first position of the extreme along an axis."""
    values, indices = b.topk(x, 1, axis, largest)
    if keepdim:
        return values, indices
    return b.squeeze(values, [axis]), b.squeeze(indices, [axis])


@converts(aten.max.dim, when=no_bool)
def max_dim(b: Builder, x: Value, axis: int, keepdim: bool = False) -> Any:
    return _scalar_or_extreme(b, x, axis, keepdim, True)


@converts(aten.min.dim, when=no_bool)
def min_dim(b: Builder, x: Value, axis: int, keepdim: bool = False) -> Any:
    return _scalar_or_extreme(b, x, axis, keepdim, False)


def _scalar_or_extreme(b: Builder, x: Value, axis: int, keepdim: bool, largest: bool) -> tuple[Value, Value]:
    if b.rank(x) == 0:
        return b.tensor(x), b.full((), 0, torch.int64)
    return _extreme(b, x, axis, keepdim, largest)


def _position(b: Builder, x: Value, axis: int | None, keepdim: bool, largest: bool) -> Value:
    if b.rank(x) == 0:
        return b.full((), 0, torch.int64)
    if axis is not None:
        return _extreme(b, x, axis, keepdim, largest)[1]
    index = _extreme(b, b.flatten(x), 0, False, largest)[1]
    return b.reshape(index, [1] * b.rank(x)) if keepdim else index


@converts(aten.argmax.default, when=no_bool)
def argmax(b: Builder, x: Value, axis: int | None = None, keepdim: bool = False) -> Value:
    return _position(b, x, axis, keepdim, True)


@converts(aten.argmin.default, when=no_bool)
def argmin(b: Builder, x: Value, axis: int | None = None, keepdim: bool = False) -> Value:
    return _position(b, x, axis, keepdim, False)


@converts(aten.topk.default, when=known_k)
def topk(b: Builder, x: Value, k: int, axis: int = -1, largest: bool = True, sorted: bool = True) -> Any:
    """Always sorted, which `sorted=False` permits."""
    if b.rank(x) == 0:
        return b.tensor(x), b.full((), 0, torch.int64)
    return b.topk(x, k, axis, largest)


@converts(aten.sort.default, when=short_axis)
def sort(b: Builder, x: Value, axis: int = -1, descending: bool = False) -> Any:
    if b.rank(x) == 0:
        return b.tensor(x), b.full((), 0, torch.int64)
    return b.topk(x, b.shape(x)[b.axis(x, axis)], axis, descending)


@converts(aten.cumsum.default)
def cumsum(b: Builder, x: Value, axis: int, *, dtype: torch.dtype | None = None) -> Value:
    x = b.tensor(b.cast(x, summed_dtype(b, x, dtype)))
    return x if b.rank(x) == 0 else b.cumulative(x, axis)


@converts(aten.linalg_vector_norm.default)
def vector_norm(
    b: Builder,
    x: Value,
    order: float = 2,
    dims: Any = None,
    keepdim: bool = False,
    *,
    dtype: torch.dtype | None = None,
) -> Value:
    """The orders 0, 1, 2, inf, -inf by their own layers; any other p as (sum |x|^p)^(1/p)."""
    result = dtype or b.dtype(x)
    x = b.unary(trt.UnaryOperation.ABS, _in_float32(b, b.cast(x, result)))
    if order == float("inf"):
        norm = b.reduce(Reduce.MAX, x, dims, keepdim)
    elif order == float("-inf"):
        norm = b.reduce(Reduce.MIN, x, dims, keepdim)
    elif order == 0:
        norm = b.reduce(Reduce.SUM, b.cast(b.not_equal(x, 0), b.dtype(x)), dims, keepdim)
    elif order == 1:
        norm = b.reduce(Reduce.SUM, x, dims, keepdim)
    elif order == 2:
        norm = b.unary(trt.UnaryOperation.SQRT, b.reduce(Reduce.SUM, b.mul(x, x), dims, keepdim))
    else:
        total = b.reduce(Reduce.SUM, b.pow(x, b.number(float(order), b.dtype(x))), dims, keepdim)
        norm = b.pow(total, b.number(1 / order, b.dtype(x)))
    return b.cast(norm, result)

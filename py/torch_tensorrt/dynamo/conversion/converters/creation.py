"""Tensors made from nothing, and conversions of type."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch

from torch_tensorrt.dynamo.conversion._builder import Builder, Value
from torch_tensorrt.dynamo.conversion._dims import Dim, Length
from torch_tensorrt.dynamo.conversion._registry import converts
from torch_tensorrt.dynamo.conversion._types import network_dtype
from torch_tensorrt.dynamo.conversion.converters._when import target_dtype

aten = torch.ops.aten


def _inside(b: Builder, dtype: torch.dtype) -> torch.dtype:
    """The type that stands for `dtype` in the network (float32 for float64 under truncate_double)."""
    return network_dtype(dtype, b.settings.truncate_double) or dtype


def _result_dtype(b: Builder, given: torch.dtype | None) -> torch.dtype:
    """The type that torch gives the node's result."""
    value = b.node.meta["val"] if b.node is not None else None
    return _inside(b, value.dtype if isinstance(value, torch.Tensor) else given or torch.get_default_dtype())


def _made(node: Any, settings: Any) -> str | None:
    value = node.meta["val"]
    if network_dtype(value.dtype, settings.truncate_double) is None:
        return f"TensorRT has no {str(value.dtype).removeprefix('torch.')}"
    return None


@converts(aten.full.default, when=_made)
def full(b: Builder, size: Sequence[Length], value: Any, *, dtype: torch.dtype | None = None) -> Value:
    return b.full(size, value, _result_dtype(b, dtype))


@converts(aten.full_like.default, when=_made)
def full_like(b: Builder, x: Value, value: Any, *, dtype: torch.dtype | None = None) -> Value:
    return b.full_like(x, value, _result_dtype(b, dtype))


@converts(aten.ones.default, when=_made)
def ones(b: Builder, size: Sequence[Length], *, dtype: torch.dtype | None = None) -> Value:
    return b.full(size, 1, _result_dtype(b, dtype))


@converts(aten.zeros.default, when=_made)
def zeros(b: Builder, size: Sequence[Length], *, dtype: torch.dtype | None = None) -> Value:
    return b.full(size, 0, _result_dtype(b, dtype))


@converts(aten.ones_like.default, when=_made)
def ones_like(b: Builder, x: Value, *, dtype: torch.dtype | None = None) -> Value:
    return b.full_like(x, 1, _result_dtype(b, dtype))


@converts(aten.zeros_like.default, when=_made)
def zeros_like(b: Builder, x: Value, *, dtype: torch.dtype | None = None) -> Value:
    return b.full_like(x, 0, _result_dtype(b, dtype))


@converts(aten.new_ones.default, when=_made)
def new_ones(b: Builder, x: Value, size: Sequence[Length], *, dtype: torch.dtype | None = None) -> Value:
    return b.full(size, 1, _result_dtype(b, dtype))


@converts(aten.new_zeros.default, when=_made)
def new_zeros(b: Builder, x: Value, size: Sequence[Length], *, dtype: torch.dtype | None = None) -> Value:
    return b.full(size, 0, _result_dtype(b, dtype))


@converts(aten.new_full.default, when=_made)
def new_full(
    b: Builder, x: Value, size: Sequence[Length], value: Any, *, dtype: torch.dtype | None = None
) -> Value:
    return b.full(size, value, _result_dtype(b, dtype))


@converts(aten.scalar_tensor.default, when=_made)
def scalar_tensor(b: Builder, value: Any, *, dtype: torch.dtype | None = None) -> Value:
    return b.tensor(b.cast(value, _result_dtype(b, dtype)))


@converts(aten.arange.default, when=_made)
def arange(b: Builder, end: Any, *, dtype: torch.dtype | None = None) -> Value:
    return arange_step(b, 0, end, 1, dtype=dtype)


@converts(aten.arange.start, when=_made)
def arange_start(b: Builder, start: Any, end: Any, *, dtype: torch.dtype | None = None) -> Value:
    return arange_step(b, start, end, 1, dtype=dtype)


@converts(aten.arange.start_step, when=_made)
def arange_step(
    b: Builder, start: Any, end: Any, step: Any = 1, *, dtype: torch.dtype | None = None
) -> Value:
    """ceil((end - start) / step) numbers."""
    if any(isinstance(v, Dim) for v in (start, end, step)):
        span = end - start
        count = span if isinstance(step, int) and step == 1 else -(-span // step)
    else:
        count = max(math.ceil((end - start) / step), 0)
    return b.arange(start, count, step, _result_dtype(b, dtype))


@converts(
    aten._to_copy.default,
    aten.to.dtype,
    aten.to.device,
    aten.to.dtype_layout,
    aten.to.other,
    aten.type_as.default,
    when=target_dtype,
)
def to(b: Builder, x: Value, *_: Any, **__: Any) -> Value:
    """Whatever form the request has, the exported node knows the type that comes out."""
    return b.cast(x, _result_dtype(b, b.dtype(x)))

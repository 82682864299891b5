"""Matrix products and attention."""

from __future__ import annotations

import math
from typing import Any

import tensorrt as trt
import torch

from torch_tensorrt.dynamo.conversion._builder import Builder, Value
from torch_tensorrt.dynamo.conversion._dims import Length
from torch_tensorrt.dynamo.conversion._registry import converts
from torch_tensorrt.dynamo.conversion.converters._when import argument, first_output_only, meta, meta_dtype
from torch_tensorrt.dynamo.conversion.converters.pointwise import where

aten = torch.ops.aten


def floating(node: Any, settings: Any) -> str | None:
    """TensorRT multiplies matrices of floating types only."""
    dtype = meta_dtype(node)
    return (
        None
        if dtype.is_floating_point
        else f"TensorRT has no matrix product for {str(dtype).removeprefix('torch.')}"
    )


@converts(aten.linear.default, when=floating)
def linear(b: Builder, x: Value, weight: Value, bias: Value | None = None) -> Value:
    y = b.matmul(x, weight, transpose_y=b.rank(weight) == 2)
    return y if bias is None else b.add(y, bias)


@converts(
    aten.mm.default, aten.bmm.default, aten.matmul.default, aten.mv.default, aten.dot.default, when=floating
)
def matmul(b: Builder, x: Value, y: Value) -> Value:
    return b.matmul(x, y)


@converts(aten.addmm.default, aten.baddbmm.default, aten.addmv.default, when=floating)
def addmm(b: Builder, bias: Value, x: Value, y: Value, *, beta: Any = 1, alpha: Any = 1) -> Value:
    """beta * bias + alpha * x @ y; a beta of 0 leaves nan in the bias out."""
    product = b.matmul(x, y)
    if alpha != 1:
        product = b.mul(product, alpha)
    if beta == 0:
        return product
    return b.add(product, bias if beta == 1 else b.mul(bias, beta))


@converts(aten.einsum.default, when=floating)
def einsum(b: Builder, equation: str, operands: Any) -> Value:
    return b.einsum(equation, b.promote(*operands))


# ---- attention


def no_dropout(node: Any, settings: Any) -> str | None:
    """For every form of attention."""
    if argument(node, "dropout_p"):
        return "its dropout draws random numbers"
    return None if meta(node.args[0]).is_floating_point() else "attention needs floating types"


def _first_without_dropout(node: Any, settings: Any) -> str | None:
    return first_output_only(node, settings) or no_dropout(node, settings)


@converts(aten.scaled_dot_product_attention.default, when=no_dropout)
def attention(
    b: Builder,
    query: Value,
    key: Value,
    value: Value,
    mask: Value | None = None,
    dropout: float = 0.0,
    causal: bool = False,
    *,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> Value:
    """softmax(q k^T * scale + mask) v, by the engine's attention where it has one, else by its parts."""
    query, key, value = (b.tensor(x) for x in (query, key, value))
    rank = b.rank(query)
    factor = scale if scale is not None else 1 / math.sqrt(_width(b, query))
    if mask is not None and b.dtype(mask) is not torch.bool:
        mask = b.cast(mask, b.dtype(query))
    if not b.settings.decompose_attention and 3 <= rank <= 4:
        result = _fused(b, query, key, value, mask, causal, factor)
        if result is not None:
            return result
    return _composed(b, query, key, value, mask, causal, factor)


def _width(b: Builder, query: Value) -> int:
    """Features of a head, whose root divides the scores where no scale is given."""
    width = b.shape(query)[-1]
    if not isinstance(width, int):
        raise b.error("attention needs a known last length of the query, or a scale", f"length {width}")
    return width


def _fused(
    b: Builder, query: Value, key: Value, value: Value, mask: Value | None, causal: bool, factor: float
) -> Value | None:
    """An IAttention layer (TensorRT 10.14 or newer), or None.
    It wants four axes and a query that is scaled already."""
    if not hasattr(b.network, "add_attention") or (mask is not None and causal):
        return None
    lift = 4 - b.rank(query)
    query, key, value = (b.unsqueeze(x, range(lift)) for x in (query, key, value))
    scaled = b.mul(query, b.number(factor, b.dtype(query)))
    layer = b.network.add_attention(scaled, key, value, trt.AttentionNormalizationOp.SOFTMAX, causal)
    if layer is None:
        return None
    layer.decomposable = True
    if mask is not None:
        layer.mask = _mask_for(b, mask, query, key)
    result = b.emit(layer, "ATTENTION")
    return b.squeeze(result, range(lift))


def _mask_for(b: Builder, mask: Value, query: Value, key: Value) -> Value:
    """The mask with four axes, whose last two have the full lengths."""
    mask = b.tensor(mask, rank=4)
    want = (b.shape(query)[2], b.shape(key)[2])
    return b.expand(mask, [-1, -1, *want])


def _composed(
    b: Builder, query: Value, key: Value, value: Value, mask: Value | None, causal: bool, factor: float
) -> Value:
    heads_q, heads_kv = (b.shape(x)[-3] if b.rank(x) > 2 else 1 for x in (query, key))
    if heads_q != heads_kv:
        key, value = (_repeat_heads(b, x, heads_q // heads_kv) for x in (key, value))
    scores = b.matmul(b.mul(query, b.number(factor, b.dtype(query))), key, transpose_y=True)
    if causal:
        mask = _lower_triangle(b, b.shape(query)[-2], b.shape(key)[-2])
    if mask is not None:
        scores = where(b, mask, scores, -math.inf) if b.dtype(mask) is torch.bool else b.add(scores, mask)
    weights = b.softmax(scores, -1)
    if mask is not None and b.dtype(mask) is torch.bool and not causal:
        # A row that may look at nothing gives 0, as in torch, and not the nan of a plain softmax.
        seen = b.cast(
            b.reduce(trt.ReduceOperation.MAX, b.cast(mask, torch.int32), -1, keepdim=True), torch.bool
        )
        weights = b.select(seen, weights, b.scalar(0, weights))
    return b.matmul(weights, value)


def _repeat_heads(b: Builder, x: Value, times: Length) -> Value:
    """[..., H, S, D] with each head `times` times in a row."""
    size = b.shape(x)
    wide = b.unsqueeze(x, [b.rank(x) - 2])
    wide = b.expand(wide, [*size[:-2], times, *size[-2:]])
    return b.reshape(wide, [*size[:-3], size[-3] * times, *size[-2:]])


def _lower_triangle(b: Builder, rows: Any, columns: Any) -> Value:
    """True where column <= row."""
    row = b.unsqueeze(b.arange(0, rows), [1])
    column = b.unsqueeze(b.arange(0, columns), [0])
    return b.less_equal(column, row)


def _first_alone(b: Builder, result: Value) -> tuple[Value | None, ...]:
    """A result with None for all others of the node's operator."""
    node: Any = b.node
    return result, *[None] * (len(node.target._schema.returns) - 1)


@converts(aten._scaled_dot_product_flash_attention_for_cpu.default, when=_first_without_dropout)
def attention_cpu(
    b: Builder,
    query: Value,
    key: Value,
    value: Value,
    dropout: float = 0.0,
    causal: bool = False,
    *,
    attn_mask: Value | None = None,
    scale: float | None = None,
) -> Any:
    return _first_alone(b, attention(b, query, key, value, attn_mask, dropout, causal, scale=scale))


@converts(aten._scaled_dot_product_flash_attention.default, when=_first_without_dropout)
def attention_flash(
    b: Builder,
    query: Value,
    key: Value,
    value: Value,
    dropout: float = 0.0,
    causal: bool = False,
    debug_mask: bool = False,
    *,
    scale: float | None = None,
) -> Any:
    return _first_alone(b, attention(b, query, key, value, None, dropout, causal, scale=scale))


@converts(
    aten._scaled_dot_product_efficient_attention.default,
    aten._scaled_dot_product_cudnn_attention.default,
    when=_first_without_dropout,
)
def attention_biased(
    b: Builder,
    query: Value,
    key: Value,
    value: Value,
    bias: Value | None,
    logsumexp: bool,
    dropout: float = 0.0,
    causal: bool = False,
    debug_mask: bool = False,
    *,
    scale: float | None = None,
) -> Any:
    return _first_alone(b, attention(b, query, key, value, bias, dropout, causal, scale=scale))

"""Batch, layer, group, instance and root-mean-square normalization."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import tensorrt as trt
import torch

from torch_tensorrt.dynamo.conversion._builder import Builder, Value
from torch_tensorrt.dynamo.conversion._registry import converts
from torch_tensorrt.dynamo.conversion._weights import Const
from torch_tensorrt.dynamo.conversion.converters._when import argument, first_output_only
from torch_tensorrt.dynamo.conversion.converters.pointwise import in_float32

aten = torch.ops.aten


def eval_mode(node: Any, settings: Any) -> str | None:
    """BatchNorm in training takes its statistics from the batch and updates its running ones,
    where it has them."""
    if argument(node, "training") and argument(node, "running_mean") is not None:
        return "BatchNorm is in training mode; call model.eval() before compiling"
    return None


def _eval_first_output(node: Any, settings: Any) -> str | None:
    return eval_mode(node, settings) or first_output_only(node, settings)


@converts(aten.batch_norm.default, when=eval_mode)
def batch_norm(
    b: Builder,
    x: Value,
    weight: Value | None,
    bias: Value | None,
    mean: Value | None,
    var: Value | None,
    training: bool,
    momentum: float,
    eps: float,
    cudnn: bool = False,
) -> Value:
    """x * scale + shift with scale = weight / sqrt(var + eps) and shift = bias - mean * scale."""
    x = b.tensor(x)
    if mean is None:
        return batch_norm_no_stats(b, x, weight, bias, training, momentum, eps)[0]
    parts = (weight, bias, mean, var)
    if all(p is None or isinstance(p, Const) for p in parts):
        # Half types: scale and shift rounded to them would add an error of their own in each layer, up to
        # twice eager's mean error over a few layers. In float32 only the result is rounded, as PyTorch does.
        dtype = b.dtype(x)
        x = b.tensor(x, torch.float32) if dtype in (torch.float16, torch.bfloat16) else x
        scale, shift = _folded(b, x, weight, bias, mean, var, eps)
        return b.cast(_scaled(b, x, scale, shift), dtype)
    return _batch_norm_of_tensors(b, x, weight, bias, mean, var, eps)


def _folded(
    b: Builder, x: Value, weight: Any, bias: Any, mean: Any, var: Any, eps: float
) -> tuple[Const, Const]:
    """Computed in float64 and rounded once, to the type of `x`."""
    scale = (var.value.double() + eps).rsqrt()
    if weight is not None:
        scale = scale * weight.value.double()
    shift = -mean.value.double() * scale
    if bias is not None:
        shift = shift + bias.value.double()
    source = weight.source if weight is not None else var.source
    return Const(scale.to(b.dtype(x)), source), Const(shift.to(b.dtype(x)), f"{source} (shift)")


def _scaled(b: Builder, x: Value, scale: Const, shift: Const) -> Value:
    """A Scale layer where its rank allows one, else a product and a sum."""
    rank = b.rank(x)
    if rank not in (4, 5):
        axes = [-1] + [1] * (rank - 2)
        scale, shift = (c.with_value(c.value.reshape(axes)) for c in (scale, shift))
        return b.add(b.mul(x, scale), shift)
    weights = [b.weights(c, role, x) for c, role in ((shift, "shift"), (scale, "scale"))]
    power = b.weights(None, "power", x)
    layer = b.network.add_scale_nd(x, trt.ScaleMode.CHANNEL, weights[0], weights[1], power, 1)
    y = b.emit(layer, "SCALE")
    b.record(layer, "SCALE", scale)
    b.record(layer, "SHIFT", shift)
    return y


def _batch_norm_of_tensors(
    b: Builder, x: Value, weight: Any, bias: Any, mean: Value, var: Value, eps: float
) -> Value:
    """Parameters that are computed by the model: in float32, rounded once at the end."""
    dtype, axes = b.dtype(x), [-1] + [1] * (b.rank(x) - 2)
    wide = torch.float32 if dtype in (torch.float16, torch.bfloat16) else dtype
    x, weight, bias, mean, var = (
        None if p is None else b.tensor(p, wide) for p in (x, weight, bias, mean, var)
    )
    root = b.unary(trt.UnaryOperation.SQRT, b.add(var, eps))
    y = b.div(b.sub(x, b.reshape(mean, axes)), b.reshape(root, axes))
    if weight is not None:
        y = b.mul(y, b.reshape(weight, axes))
    if bias is not None:
        y = b.add(y, b.reshape(bias, axes))
    return b.cast(y, dtype)


@converts(aten._native_batch_norm_legit_no_training.default, when=first_output_only)
def batch_norm_no_training(
    b: Builder, x: Value, weight: Any, bias: Any, mean: Value, var: Value, momentum: float, eps: float
) -> Any:
    return batch_norm(b, x, weight, bias, mean, var, False, momentum, eps), None, None


@converts(aten.native_batch_norm.default, when=_eval_first_output)
def native_batch_norm(
    b: Builder,
    x: Value,
    weight: Any,
    bias: Any,
    mean: Value,
    var: Value,
    training: bool,
    momentum: float,
    eps: float,
) -> Any:
    return batch_norm(b, x, weight, bias, mean, var, False, momentum, eps), None, None


@converts(aten._native_batch_norm_legit.no_stats, when=first_output_only)
def batch_norm_no_stats(
    b: Builder, x: Value, weight: Any, bias: Any, training: bool, momentum: float, eps: float
) -> Any:
    """No running statistics: those of the batch count, in evaluation too."""
    x = b.tensor(x)
    axes = [i for i in range(b.rank(x)) if i != 1]
    return _normalize(b, x, weight, bias, axes, eps, per_channel=True), None, None


def _normalize(
    b: Builder,
    x: Value,
    weight: Any,
    bias: Any,
    axes: Sequence[int],
    eps: float,
    groups: int = 1,
    per_channel: bool | None = None,
) -> Value:
    """The engine's layer; scale and bias take the type of `x`."""
    x = b.tensor(x)
    weight, bias = (None if p is None else b.cast(p, b.dtype(x)) for p in (weight, bias))
    return b.normalize(x, weight, bias, axes, eps, groups, per_channel)


# ---- layer norm


@converts(aten.layer_norm.default)
def layer_norm(
    b: Builder,
    x: Value,
    shape: Sequence[int],
    weight: Any = None,
    bias: Any = None,
    eps: float = 1e-5,
    cudnn: bool = True,
) -> Value:
    rank = b.rank(x)
    return _normalize(b, x, weight, bias, range(rank - len(shape), rank), eps)


@converts(aten.native_layer_norm.default, when=first_output_only)
def native_layer_norm(b: Builder, x: Value, shape: Sequence[int], weight: Any, bias: Any, eps: float) -> Any:
    return layer_norm(b, x, shape, weight, bias, eps), None, None


# ---- group and instance norm


@converts(aten.group_norm.default)
def group_norm(
    b: Builder,
    x: Value,
    groups: int,
    weight: Any = None,
    bias: Any = None,
    eps: float = 1e-5,
    cudnn: bool = True,
) -> Value:
    rank = b.rank(x)
    if rank == 2:  # no axes behind the channels: one is lent
        return b.squeeze(group_norm(b, b.unsqueeze(x, [2]), groups, weight, bias, eps), [2])
    if groups == 1:
        # One group is a mean over channels too, which the layer's groups of 1 do not say.
        return _affine_after(b, x, weight, bias, range(1, rank), eps)
    return _normalize(b, x, weight, bias, range(2, rank), eps, groups, per_channel=True)


def _affine_after(b: Builder, x: Value, weight: Any, bias: Any, axes: Sequence[int], eps: float) -> Value:
    """Statistics over `axes`, then weight and bias per channel."""
    y = _normalize(b, x, None, None, axes, eps)
    lengths = [-1] + [1] * (b.rank(y) - 2)
    for method, operand in ((b.mul, weight), (b.add, bias)):
        if operand is not None:
            y = method(y, b.reshape(b.cast(operand, b.dtype(y)), lengths))
    return y


@converts(aten.native_group_norm.default, when=first_output_only)
def native_group_norm(
    b: Builder, x: Value, weight: Any, bias: Any, n: Any, c: Any, hxw: Any, groups: int, eps: float
) -> Any:
    return group_norm(b, x, groups, weight, bias, eps), None, None


@converts(aten.instance_norm.default)
def instance_norm(
    b: Builder,
    x: Value,
    weight: Any,
    bias: Any,
    mean: Any,
    var: Any,
    use_input_stats: bool,
    momentum: float,
    eps: float,
    cudnn: bool,
) -> Value:
    if not use_input_stats:
        return batch_norm(b, x, weight, bias, mean, var, False, momentum, eps)
    return _normalize(b, x, weight, bias, range(2, b.rank(x)), eps, per_channel=True)


# ---- root mean square


@converts(aten.rms_norm.default)
def rms_norm(
    b: Builder, x: Value, shape: Sequence[int], weight: Any = None, eps: float | None = None
) -> Value:
    """x / sqrt(mean(x^2) + eps) * weight, in float32 up to the weight as torch does."""
    x = b.tensor(x)
    rank, dtype = b.rank(x), b.dtype(x)
    margin = torch.finfo(dtype).eps if eps is None else eps

    def compute(y: Value) -> Value:
        mean = b.reduce(trt.ReduceOperation.AVG, b.mul(y, y), range(rank - len(shape), rank), keepdim=True)
        root = b.unary(trt.UnaryOperation.SQRT, b.add(mean, margin))
        y = b.mul(y, b.unary(trt.UnaryOperation.RECIP, root))
        return y if weight is None else b.mul(y, b.tensor(b.cast(weight, b.dtype(y))))

    return in_float32(b, x, compute)


@converts(aten._fused_rms_norm.default, when=first_output_only)
def fused_rms_norm(b: Builder, x: Value, shape: Sequence[int], weight: Any, eps: float | None) -> Any:
    return rms_norm(b, x, shape, weight, eps), None

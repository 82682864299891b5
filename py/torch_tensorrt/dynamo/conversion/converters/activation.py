"""Activation functions that take parameters or are made of several layers."""

from __future__ import annotations

from typing import Any

import tensorrt as trt
import torch

from torch_tensorrt.dynamo.conversion._builder import Builder, Value
from torch_tensorrt.dynamo.conversion._promote import Kind
from torch_tensorrt.dynamo.conversion._registry import converts
from torch_tensorrt.dynamo.conversion.converters._when import no_bool
from torch_tensorrt.dynamo.conversion.converters.pointwise import in_float32

aten = torch.ops.aten
Activation = trt.ActivationType


@converts(aten.gelu.default)
def gelu(b: Builder, x: Value, *, approximate: str = "none") -> Value:
    return b.activation(Activation.GELU_TANH if approximate == "tanh" else Activation.GELU_ERF, x)


@converts(aten.silu.default)
def silu(b: Builder, x: Value) -> Value:
    x = b.tensor(x)
    return in_float32(b, x, lambda y: b.mul(y, b.activation(Activation.SIGMOID, y)))


@converts(aten.leaky_relu.default)
def leaky_relu(b: Builder, x: Value, slope: float = 0.01) -> Value:
    return b.activation(Activation.LEAKY_RELU, x, alpha=slope)


@converts(aten.elu.default)
def elu(b: Builder, x: Value, alpha: float = 1, scale: float = 1, input_scale: float = 1) -> Value:
    """scale * x above 0, scale * alpha * (e^(input_scale x) - 1) below."""
    x = b.tensor(x)
    if scale == 1 and input_scale == 1:
        return b.activation(Activation.ELU, x, alpha=alpha)
    below = b.mul(b.activation(Activation.ELU, b.mul(x, input_scale), alpha=alpha), scale)
    return b.select(b.greater(x, 0), b.mul(x, scale), below)


@converts(aten.hardtanh.default, when=no_bool)
def hardtanh(b: Builder, x: Value, low: Any = -1, high: Any = 1) -> Value:
    if b.dtype(x).is_floating_point:
        return b.activation(Activation.CLIP, x, alpha=low, beta=high)
    x, low, high = b.promote(x, low, high)
    return b.minimum(b.maximum(x, low), high)


@converts(aten.relu6.default)
def relu6(b: Builder, x: Value) -> Value:
    return hardtanh(b, x, 0, 6)


@converts(aten.hardsigmoid.default)
def hardsigmoid(b: Builder, x: Value) -> Value:
    return b.activation(Activation.HARD_SIGMOID, x, alpha=1 / 6, beta=0.5)


@converts(aten.hardswish.default)
def hardswish(b: Builder, x: Value) -> Value:
    x = b.tensor(x)
    return in_float32(b, x, lambda y: b.mul(y, hardsigmoid(b, y)))


@converts(aten.softplus.default)
def softplus(b: Builder, x: Value, beta: float = 1, threshold: float = 20) -> Value:
    """log(1 + e^(beta x)) / beta; x itself beyond the threshold."""
    x = b.tensor(x)
    smooth = b.activation(Activation.SOFTPLUS, x, alpha=1 / beta, beta=beta)
    return b.select(b.greater(b.mul(x, beta), threshold), x, smooth)


@converts(aten._prelu_kernel.default)
def prelu(b: Builder, x: Value, weight: Value) -> Value:
    x, weight = b.promote(x, weight)
    return b.select(b.greater(x, 0), x, b.mul(x, weight))


@converts(aten.mish.default)
def mish(b: Builder, x: Value) -> Value:
    x = b.tensor(x)
    return in_float32(b, x, lambda y: b.mul(y, b.activation(Activation.TANH, softplus(b, y))))


@converts(aten.glu.default)
def glu(b: Builder, x: Value, axis: int = -1) -> Value:
    half = b.shape(x)[b.axis(x, axis)] // 2
    value, gate = b.narrow(x, axis, 0, half), b.narrow(x, axis, half, half)
    return b.mul(value, b.activation(Activation.SIGMOID, gate))


@converts(aten.logit.default)
def logit(b: Builder, x: Value, eps: float | None = None) -> Value:
    (x,) = b.promote(x, kind=Kind.INT_TO_FLOAT)

    def compute(y: Value) -> Value:
        if eps is not None:
            y = b.minimum(b.maximum(y, eps), 1 - eps)
        return b.unary(trt.UnaryOperation.LOG, b.div(y, b.sub(b.scalar(1, y), y)))

    return in_float32(b, x, compute)


@converts(aten._softmax.default, aten.softmax.int, aten._safe_softmax.default)
def softmax(b: Builder, x: Value, axis: int, third: Any = None) -> Value:
    """`third` is half_to_float (a bool) of _softmax or the dtype of softmax."""
    target = torch.float32 if third is True else (third or b.dtype(x))
    return b.softmax(b.cast(x, target), axis)


@converts(aten._log_softmax.default, aten.log_softmax.int)
def log_softmax(b: Builder, x: Value, axis: int, third: Any = None) -> Value:
    """x - max - log(sum(e^(x - max))): no logarithm of a vanished probability."""
    target = torch.float32 if third is True else (third or b.dtype(x))
    x = b.tensor(b.cast(x, target))

    def compute(y: Value) -> Value:
        shifted = b.sub(y, b.reduce(trt.ReduceOperation.MAX, y, axis, keepdim=True))
        total = b.reduce(
            trt.ReduceOperation.SUM, b.unary(trt.UnaryOperation.EXP, shifted), axis, keepdim=True
        )
        return b.sub(shifted, b.unary(trt.UnaryOperation.LOG, total))

    return in_float32(b, x, compute)


def inference_only(node: Any, settings: Any) -> str | None:
    """Dropout in training draws random numbers."""
    return "it is in training mode" if node.args[2] else None


@converts(aten.dropout.default, when=inference_only)
def dropout(b: Builder, x: Value, p: float, train: bool) -> Value:
    return x

"""Converters of the first operators: sums, products, rectifiers, convolution, linear maps."""

from __future__ import annotations

from typing import Any

import tensorrt as trt
import torch

from torch_tensorrt.dynamo.conversion._builder import Builder
from torch_tensorrt.dynamo.conversion._registry import converts

aten = torch.ops.aten


@converts(aten.add.Tensor, aten.add.Scalar)
def add(b: Builder, x: Any, other: Any, alpha: Any = 1) -> Any:
    """x + alpha * other"""
    x, other = b.promote(x, other)
    return b.add(x, other if alpha == 1 else b.mul(other, alpha))


@converts(aten.mul.Tensor, aten.mul.Scalar)
def mul(b: Builder, x: Any, other: Any) -> Any:
    """x * other"""
    return b.mul(*b.promote(x, other))


@converts(aten.relu.default)
def relu(b: Builder, x: Any) -> Any:
    """max(x, 0)"""
    return b.activation(trt.ActivationType.RELU, x)


@converts(aten.convolution.default)
def convolution(
    b: Builder,
    x: Any,
    weight: Any,
    bias: Any,
    stride: Any,
    padding: Any,
    dilation: Any,
    transposed: bool,
    output_padding: Any,
    groups: int,
) -> Any:
    """Convolution and its transpose, 1 to 3 spatial axes."""
    return b.conv(x, weight, bias, stride, padding, dilation, groups, transposed, output_padding)


@converts(aten.linear.default)
def linear(b: Builder, x: Any, weight: Any, bias: Any = None) -> Any:
    """x @ weight.T + bias"""
    y = b.matmul(x, weight, transpose_y=True)
    return y if bias is None else b.add(y, bias)

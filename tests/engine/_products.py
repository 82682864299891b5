"""Products with constant weights, as frontends write them."""

from __future__ import annotations

from typing import Any

import tensorrt as trt
import torch

from tests.engine._case import Net


def add(n: Net, a: Any, b: Any) -> Any:
    return n.add_elementwise(a, b, trt.ElementWiseOperation.SUM).get_output(0)


def linear(
    n: Net,
    x: Any,
    weight: torch.Tensor,
    bias: torch.Tensor | None,
    *,
    name: str = "",
    bias_first: bool = False,
) -> Any:
    """x W^T + b"""
    lead = (1,) * (len(x.shape) - 2)
    constant = n.constant(weight.reshape(*lead, *weight.shape))
    layer = n.add_matrix_multiply(x, trt.MatrixOperation.NONE, constant, trt.MatrixOperation.TRANSPOSE)
    if name:
        layer.name = name
    if bias is None:
        return layer.get_output(0)
    flat = n.constant(bias.reshape((1,) * (len(x.shape) - 1) + (-1,)))
    return add(n, flat, layer.get_output(0)) if bias_first else add(n, layer.get_output(0), flat)

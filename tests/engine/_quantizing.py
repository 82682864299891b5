"""Layers that quantize and dequantize, and what they mean in exact arithmetic."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from tests.engine._case import TRT_OF, sample
from tests.engine._quantized import TYPES, Codes, Operand, nearest, require_block_shapes


def number(scale: Operand) -> torch.Tensor:
    return scale.values if isinstance(scale, Codes) else scale.double()


def spread(scale: torch.Tensor, shape: Sequence[int], axis: int | None) -> torch.Tensor:
    """A scale per element of the data."""
    if scale.numel() == 1:
        return scale.reshape(()).expand(tuple(shape))
    if scale.dim() == 1 and axis is not None:
        return scale.reshape([-1 if i == axis else 1 for i in range(len(shape))]).expand(tuple(shape))
    for i, (length, blocks) in enumerate(zip(shape, scale.shape, strict=True)):
        scale = scale.repeat_interleave(length // blocks if blocks else 1, i)
    return scale


def quantized(x: torch.Tensor, scale: Operand, type: str, axis: int | None = None) -> Codes:
    return nearest((x.double() / spread(number(scale), x.shape, axis)).float().double(), type)


def dequantized(q: Codes, scale: Operand, dtype: torch.dtype, axis: int | None = None) -> torch.Tensor:
    return (q.values * spread(number(scale), q.shape, axis)).float().to(dtype)


def configured(layer: Any, axis: int | None, block: tuple[int, ...] | None) -> Any:
    if axis is not None:
        layer.axis = axis
    if block is not None:
        require_block_shapes()
        layer.block_shape = block
    return layer


def scales(shape: Sequence[int], dtype: torch.dtype = torch.float32, seed: int = 0) -> torch.Tensor:
    return sample(shape, dtype, 0.05, 1.5, seed)


def quantize(type: str, axis: int | None = None, block: tuple[int, ...] | None = None) -> Any:
    return lambda n, x, s: configured(n.add_quantize(x, s, TYPES[type]), axis, block)


def dequantize(dtype: torch.dtype, axis: int | None = None, block: tuple[int, ...] | None = None) -> Any:
    return lambda n, x, s: configured(n.add_dequantize(x, s, TRT_OF[dtype]), axis, block)


def with_constants(build: Any, *values: Operand) -> Any:
    return lambda n, *inputs: build(n, *inputs, *map(n.constant, values))


def zero_points(type: str, shape: tuple[int, ...]) -> Codes:
    return Codes(type, torch.zeros(shape, dtype=torch.uint8))

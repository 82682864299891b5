"""Example values: random tensors of a type that lie in a half-open domain."""

from collections.abc import Sequence

import torch

_BITS_ONLY = {torch.float4_e2m1fn_x2: torch.uint8}
"""Types that torch cannot convert to; an example is any pattern of bits."""


def example_values(shape: Sequence[int], dtype: torch.dtype, domain: tuple[float, float]) -> torch.Tensor:
    """A CPU tensor whose values are in [low, high), as far as the type has such values."""
    if dtype in _BITS_ONLY:
        return torch.randint(0, 256, tuple(shape), dtype=_BITS_ONLY[dtype]).view(dtype)
    low, high = domain
    values = torch.rand(tuple(shape), dtype=torch.float64) * (high - low) + low
    if dtype == torch.bool:
        return values >= (low + high) / 2
    if not dtype.is_floating_point:
        return _integers(values, low, high, dtype)
    rounded = values.to(dtype)
    return torch.where(rounded.double() >= high, torch.full_like(values, low), rounded.double()).to(dtype)


def _integers(values: torch.Tensor, low: float, high: float, dtype: torch.dtype) -> torch.Tensor:
    """Whole numbers in [low, high): rounding down may leave the domain at its lower end only."""
    info = torch.iinfo(dtype)
    whole = values.floor()
    whole = torch.where(whole < low, whole + 1, whole).clamp(info.min, info.max)
    return whole.to(dtype)

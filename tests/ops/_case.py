"""Rows of the operator table: what is run, on which samples, in which types.

    case("softmax", lambda x: F.softmax(x, 1), x(3, 5), dtypes=FLOATS)

A row runs against eager PyTorch as a module of its own, compiled in full (nothing may stay in PyTorch): in
every listed type with static shapes, and once with a dynamic first axis where the row does not say otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch

FLOATS = (torch.float32, torch.float16, torch.bfloat16)
INTEGERS = (torch.int32, torch.int64)
NUMBERS = FLOATS + INTEGERS
ALL = (*NUMBERS, torch.bool)


@dataclass(frozen=True)
class Sample:
    """One input: its shape, the range of its values, and its type where that is not the row's."""

    shape: tuple[int, ...]
    low: float = -2.0
    high: float = 2.0
    dtype: torch.dtype | None = None
    dynamic: bool = True

    def tensor(self, dtype: torch.dtype, batch: int | None, seed: int) -> torch.Tensor:
        """Values are spread over [low, high); integers are scaled up
        so that float32 could not hold their products."""
        dtype = self.dtype or dtype
        shape = self.shape if batch is None or not self.dynamic else (batch, *self.shape[1:])
        generator = torch.Generator().manual_seed(seed)
        if dtype is torch.bool:
            return torch.rand(shape, generator=generator) > 0.5
        if dtype.is_floating_point:
            return (torch.rand(shape, generator=generator) * (self.high - self.low) + self.low).to(dtype)
        return torch.randint(
            int(self.low), max(int(self.high), int(self.low) + 1), shape, generator=generator
        ).to(dtype)


def x(
    *shape: int, low: float = -2.0, high: float = 2.0, dtype: torch.dtype | None = None, dynamic: bool = True
) -> Sample:
    """A sample, by its shape."""
    return Sample(shape, low, high, dtype, dynamic)


def indices(
    *shape: int, below: int, low: int = 0, dtype: torch.dtype = torch.int64, dynamic: bool = True
) -> Sample:
    """Indices in [low, below)."""
    return Sample(shape, low, below, dtype, dynamic)


@dataclass(frozen=True)
class Case:
    """One row."""

    name: str
    function: Callable[..., Any]
    samples: tuple[Sample, ...]
    dtypes: Sequence[torch.dtype] = FLOATS
    dynamic: bool = True
    """Whether the row also runs with a dynamic first axis (float32, or the row's first type)."""
    parameters: tuple[tuple[int, ...], ...] = ()
    """Shapes of parameters that the function takes behind the inputs, as weights of the module."""
    xfail: dict[torch.dtype, str] = field(default_factory=dict)


CASES: list[Case] = []


def case(name: str, function: Callable[..., Any], *samples: Sample, **options: Any) -> None:
    """Adds a row."""
    if any(row.name == name for row in CASES):
        raise ValueError(f"two rows are called {name}")
    CASES.append(Case(name, function, samples, **options))

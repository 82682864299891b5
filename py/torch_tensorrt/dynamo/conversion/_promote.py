"""Type promotion: torch's own rules, asked through tensors that have a type and a rank but no values."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache, lru_cache
from typing import Any

import torch
from torch._prims_common import ELEMENTWISE_TYPE_PROMOTION_KIND, elementwise_dtypes

Kind = ELEMENTWISE_TYPE_PROMOTION_KIND

# Note [Weak scalars]: a Python number or a 0-dim tensor takes part in promotion by its kind only, so half +
# 2.5 stays half.
# torch tells 0-dim tensors from others by their rank, so a token of rank 0 or 1 is all that it needs to see.


@cache
def token(dtype: torch.dtype, weak: bool) -> torch.Tensor:
    """A tensor without values that promotes like any tensor of this type (weak: like a 0-dim one)."""
    return torch.empty(() if weak else (1,), dtype=dtype, device="meta")


@lru_cache(maxsize=4096)
def _common(tokens: tuple[tuple[Any, ...], ...], kind: Kind) -> torch.dtype:
    operands = [item[1](1) if item[0] == "number" else token(item[1], item[2]) for item in tokens]
    # For comparisons the result is bool; what the operands have to become is the type without that last step.
    asked = Kind.NO_OPMATH if kind is Kind.ALWAYS_BOOL else kind
    return elementwise_dtypes(*operands, type_promotion_kind=asked)[1]


def common_dtype(operands: Iterable[tuple[Any, ...]], kind: Kind = Kind.DEFAULT) -> torch.dtype:
    """The type in which the operands of an elementwise operator meet.

    Operands are ("tensor", dtype, weak) or ("number", its Python type).
    """
    return _common(tuple(operands), kind)


def number_operand(value: Any) -> tuple[Any, ...]:
    """A Python number as an operand: only its kind matters."""
    return ("number", type(value))


def number_dtype(value: Any) -> torch.dtype:
    """The type that torch gives a tensor made from a Python number."""
    if isinstance(value, bool):
        return torch.bool
    if isinstance(value, int):
        return torch.int64
    return torch.complex64 if isinstance(value, complex) else torch.get_default_dtype()
